// Owns the checks of what is listened on: something is, no endpoint is in the way of another, and the admin interface is
// not shown to a network by mistake.
import type { Endpoint } from './config.ts';
import {
  endpointsCollide,
  isLoopback,
  readAdminEndpoints,
  readEndpoint,
  readEndpoints,
  STANDARD_LISTEN,
  writeEndpoint,
} from './endpoints.ts';
import { type Place, type Report, writePlace } from './finding.ts';
import { listOf, memberOf, valueAt } from './loose.ts';

// Of xiaozhi servers: voice, console, vision.
const OLD_PORTS = [8000, 8002, 8003];

type Listening = { place: Place; endpoint: Endpoint; standard: boolean };

/** Reports endpoints that are in each other's way, and an admin interface in plain sight. Says whether TLS is listened for at all, streams included. */
export function listenFaults(raw: unknown, report: Report): { https: boolean } {
  const listening: Listening[] = [];
  let unreadable = false;
  const count = { http: 0, https: 0, admin: 0 };
  for (const key of ['http', 'https', 'admin'] as const) {
    const written = valueAt(raw, ['listen', key]);
    const read = key === 'admin' ? readAdminEndpoints : readEndpoints;
    const reading = read(written ?? STANDARD_LISTEN[key]);
    if (!reading.ok) {
      unreadable ||= key !== 'admin';
      count[key] = 1;
      continue;
    }
    count[key] = reading.value.length;
    for (const [index, endpoint] of reading.value.entries()) {
      const place = Array.isArray(written) ? ['listen', key, index] : ['listen', key];
      listening.push({ place, endpoint, standard: written === undefined });
      if (key === 'admin') networkWarning(place, endpoint, report);
    }
  }
  if (count.http + count.https === 0 && !unreadable) {
    report(
      ['listen'],
      { problem: 'switches off both http and https', expected: 'one of them at least' },
      { found: '' },
    );
  }
  const streams = listOf(memberOf(raw, 'streams'));
  for (const [index, stream] of streams.entries()) {
    const reading = readEndpoint(memberOf(stream, 'listen'));
    if (reading.ok) listening.push({ place: ['streams', index, 'listen'], endpoint: reading.value, standard: false });
  }
  mqttsWarning(raw, streams, report);
  oldPortWarnings(raw, listening, report);
  for (const [index, later] of listening.entries()) {
    const earlier = listening.slice(0, index).find((each) => endpointsCollide(each.endpoint, later.endpoint));
    if (earlier === undefined) continue;
    const [told, other] = later.standard ? [earlier, later] : [later, earlier];
    const standard = other.standard ? ', which is so where nothing is said' : '';
    report(told.place, {
      problem: `is in the way of ${writePlace(other.place)} (${writeEndpoint(other.endpoint)}${standard})`,
      expected: 'each address and port once; [::] takes IPv4 as well',
    });
  }
  return { https: count.https > 0 || streams.length > 0 };
}

/**
 * Ports that are burnt into devices by the servers that they were set up with. The first of the list becomes the port
 * that is told to devices, unless `public` says another; and what a device was told, it keeps.
 */
function oldPortWarnings(raw: unknown, listening: readonly Listening[], report: Report): void {
  const several = listening.filter(({ place }) => place[1] === 'http' && place[2] !== undefined);
  const [first] = several;
  if (first === undefined || several.length < 2 || valueAt(raw, ['public', 'http']) !== undefined) return;
  if (!OLD_PORTS.includes(first.endpoint.port)) return;
  const problem = `is the first of several ports, so ${first.endpoint.port} is what devices are told, and keep`;
  const expected = 'the port of the future first, or public: { http: 80 }';
  report(first.place, { problem, expected }, { severity: 'warning' });
}

/** What is told to devices, though nothing here listens for it: another program may, on the same name. */
function mqttsWarning(raw: unknown, streams: readonly unknown[], report: Report): void {
  if (streams.length > 0 || valueAt(raw, ['public', 'mqtts']) === undefined) return;
  const problem = 'is told to devices, and there are no streams';
  report(['public', 'mqtts'], { problem, expected: 'a stream in front of the MQTT server' }, { severity: 'warning' });
}

function networkWarning(place: Place, endpoint: Endpoint, report: Report): void {
  if (isLoopback(endpoint)) return;
  const problem = 'makes the admin interface reachable from the network by plain HTTP: a token travels in clear';
  const expected = `127.0.0.1:${endpoint.port} with an SSH tunnel, or a route with role: admin`;
  report(place, { problem, expected }, { severity: 'warning' });
}
