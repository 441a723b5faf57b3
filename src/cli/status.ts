// Carries out `otagate status`: how the running gate is, for people or as JSON.
import type { Status } from '../control/status.ts';
import { askGate } from './admin-client.ts';
import { describeAcme, describeCertificate } from './certs.ts';
import { EXIT } from './exit-codes.ts';
import { megabytes } from './progress-bar.ts';

export async function status(configFile: string, json: boolean): Promise<number> {
  const reply = await askGate(configFile, 'GET', '/api/v1/status');
  if (reply.kind === 'failed') {
    console.error(reply.message);
    return reply.exitCode;
  }
  console.log(json ? JSON.stringify(reply.body) : describeStatus(reply.body as Status));
  return EXIT.well;
}

function describeStore({
  images,
  bytes,
  maxBytes,
  merged,
  filling,
  activeDownloads,
  totals,
}: Status['firmware']): string {
  const saved = totals.hits + totals.joined + totals.revalidations + totals.stale;
  const bad = merged === 0 ? '' : `; ${merged} merged, which no device can take: see \`otagate firmware list\``;
  return `firmware  ${images} images, ${megabytes(bytes)} of ${megabytes(maxBytes)} MB; ${filling} being fetched, ${activeDownloads} downloads run; ${totals.fills} fetched, ${saved} served without${bad}`;
}

/** Status for people, one thing a line. */
export function describeStatus(status: Status): string {
  const { lan, totals } = status;
  const lines = [
    `otagate   pid ${status.pid}, since ${status.startedAt}, ${status.config} (snapshot ${status.snapshot})`,
    ...status.listeners.map(
      ({ scheme, address, publicPort }) => `listen    ${scheme} on ${address}, known outside as port ${publicPort}`,
    ),
    `domains   ${status.domains.join(', ')}`,
    `lan       ${lan.networks.join(', ')}; not LAN: loopback${lan.ownGateways.map((gateway) => `, ${gateway} (own gateway)`).join('')}`,
    ...(lan.gatewaysKnown
      ? []
      : ['          this system does not tell its gateways: if clients arrive from one, they count as LAN']),
    ...status.certificates.flatMap(describeCertificate),
    ...describeAcme(status),
    ...Object.entries(status.upstreams).map(([name, origins]) => `upstream  ${name}: ${origins.join(', ')}`),
    ...(status.openings.length === 0 ? ['openings  none: plain HTTP is open as the routes say'] : []),
    ...status.openings.map(
      ({ id, route, from, until, secondsLeft, reason }) =>
        `opening   ${id}: ${route} for ${from.join(', ') || 'everyone'} until ${until} (${secondsLeft} s left)${reason ? `: ${reason}` : ''}`,
    ),
    ...status.workers.map(
      ({ name, pid, restarts }) => `worker    ${name}: pid ${pid}${restarts > 0 ? `, replaced ${restarts} times` : ''}`,
    ),
    describeStore(status.firmware),
    `checks    ${totals.checks}, offers ${totals.offers}; downloads ${totals.downloads.complete} complete, ${totals.downloads.broken} broken off`,
    ...(Object.keys(totals.handshakes).length === 0
      ? []
      : [
          `tls       failed handshakes: ${Object.entries(totals.handshakes)
            .map(([reason, times]) => `${times} ${reason}`)
            .join(', ')}`,
        ]),
  ];
  return lines.join('\n');
}
