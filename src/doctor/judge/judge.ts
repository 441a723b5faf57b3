// Owns the judgement of a run: from its facts to its findings. Pure; reads from top to bottom as a device does.
import type { RunFacts, TargetFacts } from '../facts.ts';
import { judgeFirmware, judgeMqtt, judgeVoice } from './addresses.ts';
import { type Against, judgeChain } from './chain.ts';
import { type Finding, fault, note, warning } from './code.ts';
import { judgeConnection } from './connection.ts';
import { judgeReply } from './reply.ts';

/** `localRoot` in `against` is the one of the facts. */
export function judgeRun(facts: RunFacts, against: Omit<Against, 'localRoot'>): Finding[] {
  const all = { ...against, localRoot: facts.localRoot };
  // One chain is served at many addresses, and one address is handed out in many replies.
  const told = new Set<string>();
  const findings = facts.targets
    .flatMap((target) => judgeTarget(target, all))
    .filter((finding) => {
      const key = JSON.stringify([finding.code, finding.at, finding.values]);
      if (told.has(key)) return false;
      told.add(key);
      return true;
    });
  const order = { fault: 0, warning: 1, note: 2 };
  return [...findings, ...judgeServer(facts), ...unseen(facts)].toSorted(
    (a, b) => order[a.severity] - order[b.severity],
  );
}

function judgeTarget(facts: TargetFacts, against: Against): Finding[] {
  const { target, opening, handshake, check, firmware, voice, mqtt } = facts;
  const reached = judgeConnection(target.url, target.at.host, facts.place, opening);
  if (opening?.opened !== 'yes') return reached;
  const chain = judgeChain(target.at, target.role, handshake, check, against);
  const { secure, port } = target.at;
  const modem = secure && port !== 443 ? [note('modem-port', target.url, { port: String(port) })] : [];
  const reply = judgeReply(target, check);
  const found = [...reached, ...chain, ...modem, ...reply];
  // What a device stumbles over has a reason as a rule, which stands above.
  const isExplained = found.some(
    ({ severity, code }) => severity === 'fault' || code === 'plain-closed' || code === 'address-not-named',
  );
  if (check?.asked !== 'replied' || check.reply.status !== 200) return found;
  const readable = !reply.some(({ code }) => ['path-wrong', 'reply-not-json', 'reply-refused'].includes(code));
  return [
    ...found,
    ...(isExplained ? [] : judgeDevices(facts)),
    ...(readable
      ? [
          ...judgeFirmware(target, facts.place, firmware, against),
          ...judgeVoice(target, facts.place, voice, mqtt !== null, against),
          ...judgeMqtt(target, facts.place, mqtt, against),
          ...judgeConsole(facts),
        ]
      : []),
  ];
}

function judgeDevices({ target, devices, handshake }: TargetFacts): Finding[] {
  return devices.flatMap(({ generation, version, outcome }) => {
    if (outcome.outcome === 'update' || outcome.outcome === 'current') return [];
    const code = outcome.outcome === 'failed' ? String(outcome.code) : 'crash';
    // A chain of the local CA alone is told already.
    if (code === '32794' && handshake !== null) return [];
    return [fault('device-failed', target.url, { generation, version, code, because: outcome.because })];
  });
}

/** A console check of a target counts as a fault, where a device could use the target. */
function judgeConsole({ target, console }: TargetFacts): Finding[] {
  return console
    .filter(({ well }) => !well)
    .map(({ what, url, because }) => {
      const code = what === 'server.ota' ? 'console-ota' : 'console-websocket';
      // Only what an operator would type in: the console takes one address, and a name is the right one.
      return target.role === 'main' ? fault(code, url, { because }) : note(code, url, { because });
    });
}

// xinnan-tech/xiaozhi-esp32-server: until 0.3.10 its console refuses an OTA address that begins with https.
const FIRST_WITH_HTTPS = [0, 3, 11];

function judgeServer({ serverVersion, targets }: RunFacts): Finding[] {
  if (serverVersion === null || !isOlder(serverVersion)) return [];
  const at = targets.find(({ target }) => target.at.secure)?.target.url;
  return at === undefined ? [] : [warning('server-old', at, { version: serverVersion })];
}

function isOlder(version: string): boolean {
  const parts = version.replace(/^v/, '').split('.').map(Number);
  for (const [index, least] of FIRST_WITH_HTTPS.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part < least;
  }
  return false;
}

/** What nobody can see from inside is said each time. */
function unseen({ targets }: RunFacts): Finding[] {
  if (targets.length === 0) return [warning('no-target', '')];
  const reached = targets.find(({ target, opening }) => target.role === 'main' && opening?.opened === 'yes');
  return reached === undefined
    ? []
    : [note('outside-unseen', reached.target.url, { port: String(reached.target.at.port) })];
}
