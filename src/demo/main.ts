// The demo: two sample upstreams, the gate in front of them, and a fleet of simulated devices that upgrade through it.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { tryEndpoint } from '../control/ports.ts';
import { describeUpgrade, fleet, type Gate, outsider, upgradeMember } from './fleet.ts';
import { bootThrough, isUnharmed, plantedFaults } from './planted.ts';
import { DOMAINS, demoConfig, startServers } from './scene.ts';

const OTAGATE = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../cli/main.ts' : '../cli/main.js', import.meta.url),
);
const once = process.argv.includes('--once');
const folder = mkdtempSync(join(tmpdir(), 'otagate-demo-'));

const members = fleet();
const servers = await startServers(members);
const { java, python } = servers;

const { gate, child, dashboard } = await startGate();
console.log(
  `The gate serves http://127.0.0.1:${gate.http} and https://127.0.0.1:${gate.https} in front of two sample servers.\n`,
);
console.log('      device           way                 what happened     time');
let failed = 0;
// All at once, as after a power cut.
await Promise.all(
  members.map(async (member, index) => {
    const upgraded = await upgradeMember(member, index, gate);
    if (upgraded.outcome.outcome !== 'upgraded' || upgraded.outcome.to !== member.to) failed += 1;
    console.log(describeUpgrade(upgraded));
  }),
);
const cost = await costAtServers();
const outside = await outsider(gate);
if (outside !== null) {
  console.log(
    `\nA device outside, by plain HTTP: ${outside} (426: https, or an opening). That is what keeps strangers out.`,
  );
  if (!outside.includes('426')) failed += 1;
}
console.log('\nPlanted faults, and what the gate says of each:');
for (const planted of plantedFaults()) {
  const came = await bootThrough(planted, gate);
  const why = await withheldBecause(planted.mac);
  const named = why.startsWith(`${planted.rule}:`);
  const well = isUnharmed(planted, came) && named;
  if (!well) failed += 1;
  console.log(`${well ? 'ok  ' : 'FAIL'}  ${planted.what.padEnd(15)}  ${why || 'nothing'}`);
}
console.log(`\n${members.length - failed} of ${members.length} devices upgraded. ${cost}`);

if (once) await end(failed === 0 ? 0 : 1);
console.log(`
Everything stays up until Ctrl-C. The dashboard: http://127.0.0.1:${dashboard.admin}/  (token: ${dashboard.token})
Or try:
  curl -i -H 'Host: ${DOMAINS.full}' http://127.0.0.1:${gate.http}/                                (the console's page: 127.0.0.1 counts as LAN here)
  curl --cacert ${folder}/state/local-ca/root.pem --resolve ${DOMAINS.full}:${gate.https}:127.0.0.1 https://${DOMAINS.full}:${gate.https}/
  npm run otagate -- status -c ${folder}/otagate.yaml
  npm run otagate -- firmware list -c ${folder}/otagate.yaml
  npm run otagate -- check -c ${folder}/otagate.yaml --explain http://${DOMAINS.full}/xiaozhi/ota/ --from 203.0.113.9
The gate's log: ${folder}/gate.log`);
process.on('SIGINT', () => void end(0));
process.on('SIGTERM', () => void end(0));

/** What the upgrades so far cost the servers, as their logs and the gate's own counts tell. */
async function costAtServers(): Promise<string> {
  const asked = (java.hits.get('download') ?? 0) + (python.hits.get('download') ?? 0);
  const { firmware } = (await askGate('status')) as { firmware: { totals: { fills: number; upstreamBytes: number } } };
  const { fills, upstreamBytes } = firmware.totals;
  const megabytes = (upstreamBytes / 1e6).toFixed(1);
  return `Their servers sent ${fills} images once each, ${megabytes} MB in all, and were asked ${asked - fills} times more what a link leads to.`;
}

/** What the device's history says, asked as an operator asks: `otagate devices MAC`. */
async function withheldBecause(mac: string): Promise<string> {
  const deadline = Date.now() + 5_000;
  for (;;) {
    const why = await askWhy(mac);
    if (why !== '' || Date.now() > deadline) return why;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function askWhy(mac: string): Promise<string> {
  const { events = [] } = (await askGate(`devices/${mac}`)) as {
    events?: { event: string; detail: Record<string, unknown> }[];
  };
  const told = events.find(({ event }) => event === 'withheld')?.detail;
  return told === undefined ? '' : `${told.rule}: ${told.why}`;
}

async function askGate(what: string): Promise<unknown> {
  const url = `http://127.0.0.1:${dashboard.admin}/api/v1/${what}`;
  const reply = await fetch(url, { headers: { authorization: `Bearer ${dashboard.token}` } });
  return reply.json();
}

type Running = { gate: Gate; child: ChildProcess; dashboard: { admin: number; token: string } };

async function startGate(): Promise<Running> {
  const http = await portNear(8080);
  const https = await portNear(8443);
  const admin = await portNear(9180);
  writeFileSync(
    join(folder, 'otagate.yaml'),
    `${demoConfig(servers)}listen: { http: "127.0.0.1:${http}", https: "127.0.0.1:${https}", admin: ${admin} }
stateDir: ./state
workers: 2
log: { format: json, file: ./gate.log }
`,
  );
  const running = spawn(process.execPath, [OTAGATE, 'serve', '-c', join(folder, 'otagate.yaml')], {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const said: string[] = [];
  if (running.stderr) createInterface({ input: running.stderr }).on('line', (line) => said.push(line));
  running.once('exit', (code) => {
    console.error(`the gate ended with ${code}\n${said.join('\n')}`);
    void end(1);
  });
  await until(() => readLog().includes('"event":"serving"'), 20_000);
  const root = readFileSync(join(folder, 'state/local-ca/root.pem'), 'utf8');
  const token = readFileSync(join(folder, 'state/admin.token'), 'utf8').trim();
  return { gate: { http, https, root, domains: DOMAINS }, child: running, dashboard: { admin, token } };
}

function readLog(): string {
  try {
    return readFileSync(join(folder, 'gate.log'), 'utf8');
  } catch {
    return '';
  }
}

/** The port itself, or any free one where it is taken. */
async function portNear(port: number): Promise<number> {
  const at = await tryEndpoint({ host: '127.0.0.1', port }).catch(() => tryEndpoint({ host: '127.0.0.1', port: 0 }));
  return at.port;
}

async function until(holds: () => boolean, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!holds()) {
    if (Date.now() > deadline) {
      console.error('the gate did not start in time');
      await end(1);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function end(code: number): Promise<never> {
  child?.removeAllListeners('exit');
  if (child && child.exitCode === null) {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
  }
  await servers.close();
  rmSync(folder, { recursive: true, force: true });
  process.exit(code);
}
