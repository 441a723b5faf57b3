// Owns the demo's fleet: devices of three generations, and how each of them comes to the gate.
import { Device, type Generation, type UpgradeOutcome } from '../device/device.ts';

export type Way = 'https' | 'http from the LAN';

export type Member = {
  name: string;
  board: string;
  server: 'full' | 'python';
  generation: Generation;
  from: string;
  to: string;
  way: Way;
};

export type Upgraded = { member: Member; outcome: UpgradeOutcome; ms: number };

const GENERATIONS: { generation: Generation; from: string; to: string }[] = [
  { generation: 'legacy', from: '1.5.8', to: '1.6.0' },
  { generation: 'current', from: '1.6.0', to: '1.6.1' },
  { generation: 'modem', from: '1.6.0', to: '1.6.1' },
];

/** Each generation at each kind of server, by https and by plain HTTP from the LAN. */
export function fleet(): Member[] {
  const ways: Way[] = ['https', 'http from the LAN'];
  return (['full', 'python'] as const).flatMap((server) =>
    GENERATIONS.flatMap(({ generation, from, to }) =>
      ways.map((way) => ({
        name: `${server}-${generation}`,
        board: `${generation}-board`,
        server,
        generation,
        from,
        to,
        way,
      })),
    ),
  );
}

export type Gate = { http: number; https: number; root: string; domains: Record<Member['server'], string> };

/** The MAC of the nth member: locally administered, so that it is nobody's. */
export function macOf(index: number): string {
  return `02:00:00:00:00:${(index + 1).toString(16).padStart(2, '0')}`;
}

/** Upgrades one member as a boot does, and says how long it took. */
export async function upgradeMember(member: Member, index: number, gate: Gate): Promise<Upgraded> {
  const device = new Device({
    generation: member.generation,
    version: member.from,
    board: member.board,
    mac: macOf(index),
    trust: [gate.root],
    lookup: () => '127.0.0.1',
  });
  const domain = gate.domains[member.server];
  const base = member.way === 'https' ? `https://${domain}:${gate.https}` : `http://${domain}:${gate.http}`;
  const started = performance.now();
  const outcome = await device.upgrade(`${base}/xiaozhi/ota/`);
  return { member, outcome, ms: performance.now() - started };
}

/** A device outside, by plain HTTP: what it sees without an opening. Null where this machine has no second loopback address. */
export async function outsider(gate: Gate): Promise<string | null> {
  const device = new Device({
    generation: 'current',
    version: '1.6.0',
    board: 'current-board',
    mac: '02:00:00:00:ff:01',
    lookup: () => '127.0.0.1',
    localAddress: '127.0.0.9',
  });
  const check = await device.check(`http://${gate.domains.full}:${gate.http}/xiaozhi/ota/`);
  if (check.outcome !== 'failed') return `unexpected: ${check.outcome}`;
  return /EADDRNOTAVAIL/.test(check.because) ? null : `refused, code=${check.code}`;
}

/** One line of the table. */
export function describeUpgrade({ member, outcome, ms }: Upgraded): string {
  const said =
    outcome.outcome === 'upgraded'
      ? `${outcome.from} -> ${outcome.to}`
      : `${outcome.outcome} ${'because' in outcome ? outcome.because : ''}`;
  const mark = outcome.outcome === 'upgraded' ? 'ok  ' : 'FAIL';
  return `${mark}  ${member.name.padEnd(15)}  ${member.way.padEnd(18)}  ${said.padEnd(16)}  ${Math.round(ms)} ms`;
}
