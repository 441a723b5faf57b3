// Owns the counting of outcomes: how a version does on a board, by what the file has and by what it has not taken yet.
import { type HeldOutcome, MAX_NETWORKS, type OutcomeShare } from './history.ts';
import type { historyStatements } from './history-statements.ts';

type Statements = Pick<ReturnType<typeof historyStatements>, 'outcome' | 'shares' | 'nextNetwork' | 'ofNetwork'>;
type Row = Record<string, unknown>;

/** `held`: outcomes of this version that stand in the place of the file's for the same devices. */
export function countOutcomes(
  sql: Statements,
  board: string,
  version: string,
  held: readonly HeldOutcome[],
): OutcomeShare {
  const share: OutcomeShare = { upgraded: 0, failed: 0, failedBecause: {}, upgradedNetworks: 0, failedNetworks: 0 };
  const networks = { upgraded: new Set<string>(), failed: new Set<string>() };
  const count = (result: unknown, because: unknown, devices: number): 'upgraded' | 'failed' => {
    const key = result === 'upgraded' ? 'upgraded' : 'failed';
    const why = because as keyof OutcomeShare['failedBecause'];
    share[key] += devices;
    if (key === 'failed' && devices > 0) share.failedBecause[why] = (share.failedBecause[why] ?? 0) + devices;
    return key;
  };
  const replaced = held
    .map(({ device }): Row => sql.outcome.get(device, version) ?? {})
    .filter((row) => row.board === board);
  for (const { result, because, devices } of sql.shares.all(board, version)) {
    const gone = replaced.filter((row) => row.result === result && row.because === because);
    const key = count(result, because, Number(devices) - gone.length);
    collect(sql, networks[key], [board, version, String(result), String(because)], gone);
  }
  for (const { outcome } of held) {
    if ((outcome.board ?? '') !== board) continue;
    networks[count(outcome.result, outcome.because ?? '', 1)].add(outcome.network);
  }
  share.upgradedNetworks = Math.min(MAX_NETWORKS, networks.upgraded.size);
  share.failedNetworks = Math.min(MAX_NETWORKS, networks.failed.size);
  return share;
}

/** Steps from one network to the next in the index: there may be a row for each of many thousand devices. */
function collect(
  sql: Statements,
  networks: Set<string>,
  key: [string, string, string, string],
  gone: readonly Row[],
): void {
  let last = '';
  while (networks.size < MAX_NETWORKS) {
    const { network } = sql.nextNetwork.get(...key, last) ?? {};
    if (typeof network !== 'string') return;
    last = network;
    const without = gone.filter((row) => row.network === network).length;
    if (without === 0 || Number(sql.ofNetwork.get(...key, network)?.devices) > without) networks.add(network);
  }
}
