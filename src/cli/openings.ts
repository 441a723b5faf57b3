// Carries out `otagate open`, `close` and `openings`: plain HTTP on a device route, for a time.
import { readDuration, writeDuration } from '../config/units.ts';
import type { OpeningStatus } from '../control/openings.ts';
import { askGate } from './admin-client.ts';
import { EXIT } from './exit-codes.ts';

export type OpenOptions = { for: string; from: string[]; reason: string; json: boolean };

export async function open(configFile: string, route: string, options: OpenOptions): Promise<number> {
  const duration = readDuration(options.for);
  if (!duration.ok || duration.value < 1000) {
    console.error(`--for ${JSON.stringify(options.for)} is no duration that can be opened for: write 30m, 90s or 2h`);
    return EXIT.usage;
  }
  const { from, reason } = options;
  const reply = await askGate(configFile, 'POST', '/api/v1/openings', {
    route,
    durationMs: duration.value,
    from,
    reason,
  });
  if (reply.kind === 'failed') {
    console.error(reply.message);
    return reply.exitCode;
  }
  const opening = reply.body as OpeningStatus;
  console.log(
    options.json
      ? JSON.stringify(opening)
      : `open: ${describeOpening(opening, Date.now())}\nclose it earlier with: otagate close ${opening.id}`,
  );
  return EXIT.well;
}

export async function close(configFile: string, routeOrId: string, json: boolean): Promise<number> {
  const reply = await askGate(configFile, 'DELETE', `/api/v1/openings/${encodeURIComponent(routeOrId)}`);
  if (reply.kind === 'failed') {
    console.error(reply.message);
    return reply.exitCode;
  }
  const closed = reply.body as OpeningStatus[];
  if (json) console.log(JSON.stringify(closed));
  if (closed.length === 0) {
    console.error(`nothing is open by the name ${JSON.stringify(routeOrId)}: \`otagate openings\` lists what is`);
    return EXIT.no;
  }
  for (const { id, route } of json ? [] : closed) console.log(`closed: ${id} of route ${route}`);
  return EXIT.well;
}

export async function listOpenings(configFile: string, json: boolean): Promise<number> {
  const reply = await askGate(configFile, 'GET', '/api/v1/openings');
  if (reply.kind === 'failed') {
    console.error(reply.message);
    return reply.exitCode;
  }
  const openings = reply.body as OpeningStatus[];
  if (json) console.log(JSON.stringify(openings));
  else if (openings.length === 0) console.log('nothing is open: plain HTTP is let in as the routes say');
  else console.log(openings.map((opening) => describeOpening(opening, Date.now())).join('\n'));
  return EXIT.well;
}

/** One line for an opening. */
export function describeOpening({ id, route, from, untilMs, reason, declared }: OpeningStatus, nowMs: number): string {
  const seconds = Math.max(0, Math.ceil((untilMs - nowMs) / 1000));
  const left = `${writeDuration(seconds * 1000)} left, until ${new Date(untilMs).toISOString()}`;
  return `${id}  ${route}  for ${from.join(', ') || 'everyone'}  ${left}${declared ? '  (from the configuration)' : ''}${reason ? `  ${reason}` : ''}`;
}
