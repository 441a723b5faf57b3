// Carries out `otagate rollout …`: who is offered what, what holds it, and why one device gets what it gets.
import { printable } from '../base/printable.ts';
import type { RolloutExplained, RolloutGiven, RolloutMatch, RolloutStatus } from '../control/admin/rollout-schemas.ts';
import { printAnswer } from './answer.ts';
import type { Context } from './context.ts';
import { table } from './table.ts';
import { localTime } from './times.ts';

const MAX_NAME = 80;
const MAX_WHY = 300;

export type RolloutFilter = {
  as?: string;
  board?: string[];
  device?: string[];
  network?: string[];
  runs?: string[];
  percent?: number;
};

export function listRollouts(context: Context): Promise<number> {
  return printAnswer<RolloutStatus[]>(context, { method: 'GET', path: '/api/v1/rollouts' }, (rollouts) =>
    rollouts.length === 0 ? [context.words.rollouts.none] : lines(rollouts, context),
  );
}

export function holdRollout(context: Context, name: string | undefined, filter: RolloutFilter): Promise<number> {
  return change(context, 'hold', name === undefined ? matchOf(filter) : { name });
}

export function offerRollout(context: Context, name: string): Promise<number> {
  const question = { method: 'POST', path: '/api/v1/rollouts/offer', content: { name } } as const;
  return printAnswer<RolloutStatus[]>(context, question, (left) =>
    left.length === 0 ? [context.words.rollouts.ended(name)] : lines(left, context),
  );
}

export function pinRollout(context: Context, version: string, filter: RolloutFilter): Promise<number> {
  return change(context, 'pin', { version, ...matchOf(filter) });
}

export function rollBack(context: Context, name: string): Promise<number> {
  return change(context, 'rollback', { name });
}

export function setPercent(context: Context, name: string, percent: number): Promise<number> {
  return change(context, 'percent', { name, percent });
}

export function explainRollout(context: Context, device: string, given: RolloutGiven): Promise<number> {
  const query = new URLSearchParams(
    Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  const path = `/api/v1/rollouts/explain/${encodeURIComponent(device)}?${query}`;
  return printAnswer<RolloutExplained>(context, { method: 'GET', path }, (told) => {
    const { words, terminal } = context;
    const { board, version, offered, action, why, admitted, trail, known } = told;
    const text = (value: string | null): string =>
      value === null ? words.rollouts.unknown : printable(value, MAX_NAME);
    if (!known) terminal.tell(words.rollouts.nobody(printable(device, MAX_NAME)));
    const offer = offered === null ? words.rollouts.nothing : text(offered);
    return [
      words.rollouts.asks(printable(device, MAX_NAME), text(board), text(version), offer),
      ...trail.map(({ rollout, says }) => `  ${printable(rollout, MAX_NAME)}: ${printable(says, MAX_WHY)}`),
      words.about(words.rollouts.outcome[action], printable(admitted ?? why, MAX_WHY)),
    ];
  });
}

function change(context: Context, what: string, content: unknown): Promise<number> {
  const question = { method: 'POST', path: `/api/v1/rollouts/${what}`, content } as const;
  return printAnswer<RolloutStatus>(context, question, (rollout) => lines([rollout], context));
}

function matchOf({ as, board, device, network, runs, percent }: RolloutFilter): Partial<RolloutMatch> {
  return {
    ...(as === undefined ? {} : { as }),
    boards: board ?? [],
    devices: device ?? [],
    networks: network ?? [],
    versions: runs ?? [],
    ...(percent === undefined ? {} : { percent }),
  };
}

function lines(rollouts: readonly RolloutStatus[], { words, terminal }: Context): string[] {
  const { rollouts: said } = words;
  const rows = rollouts.map((rollout) => {
    const { name, action, version, below, percent, wave, waveSize, nextWaveMs, members } = rollout;
    const what = [said.actions[action], version ?? '', below === null ? '' : `< ${below}`].filter(
      (part) => part !== '',
    );
    const waves =
      wave === null || waveSize === null || nextWaveMs === null
        ? []
        : [said.wave(wave, waveSize, localTime(nextWaveMs)), ...(members === null ? [] : [said.members(members)])];
    return [
      printable(name, MAX_NAME),
      what.join(' '),
      whomOf(rollout, said),
      said.percent(percent),
      waves.join('; '),
      standsOf(rollout, said, terminal.paint),
    ];
  });
  return table(said.titles, rows, terminal.paint);
}

function whomOf({ boards, devices, networks, versions }: RolloutStatus, said: Context['words']['rollouts']): string {
  const names = (list: readonly string[]): string => printable(list.join(', '), MAX_NAME);
  const parts = [
    ...(boards.length === 0 ? [] : [said.boards(names(boards))]),
    ...(devices === 0 ? [] : [said.devices(devices)]),
    ...(versions.length === 0 ? [] : [said.versions(names(versions))]),
    ...(networks.length === 0 ? [] : [said.networks(names(networks))]),
  ];
  return parts.length === 0 ? said.everyone : parts.join(', ');
}

function standsOf(
  { held, targets, stops, declared }: RolloutStatus,
  said: Context['words']['rollouts'],
  paint: Context['terminal']['paint'],
): string {
  const back = targets === null ? [] : Object.entries(targets).map(([board, version]) => `${board} ${version}`);
  const troubles = [
    ...(held ? [paint.warning(said.held)] : []),
    ...(back.length === 0 ? [] : [paint.warning(said.back(printable(back.join(', '), MAX_NAME)))]),
    ...stops.map(({ board, version, why }) =>
      paint.bad(said.stopped(printable(board, MAX_NAME), printable(version, MAX_NAME), printable(why, MAX_WHY))),
    ),
  ];
  return troubles.length === 0 ? `${said.runs}, ${declared ? said.declared : said.made}` : troubles.join('; ');
}
