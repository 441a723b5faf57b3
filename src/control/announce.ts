// Owns what control says at its start: where it serves, who is LAN, and the warnings of the configuration.
import type { Log, OpenedLog } from '../base/log.ts';
import type { Endpoint } from '../config/config.ts';
import { type Finding, formatFinding } from '../config/finding.ts';
import type { Snapshot } from '../link/snapshot.ts';
import type { Gateways } from './gateways.ts';
import { describe } from './ports.ts';

/** One line for the listeners, one for the LAN: the second answers why a client on the same machine is refused. */
export function announce(log: Log, { listen, policy }: Snapshot, gateways: Gateways, workers: number): void {
  const where = [
    ...listen.http.map((at) => `http://${describe(at)}`),
    ...listen.https.map((at) => `https://${describe(at)}`),
    ...listen.streams.map((at) => `tls://${describe(at)}`),
  ];
  log.info(
    { event: 'serving', listen: where, domains: policy.domains, workers },
    `serving ${policy.domains[0]} on ${where.join(', ')}`,
  );
  const notLan = [...gateways.addresses, 'loopback'];
  log.info(
    { event: 'lan', networks: policy.lan, notLan, gatewaysKnown: gateways.known },
    `LAN is ${policy.lan.join(', ')}, but not ${notLan.join(', ')} unless listed in networks.lan`,
  );
}

/** Warnings of the configuration, as lines and in the log. */
export function warn(opened: Pick<OpenedLog, 'log'>, warnings: readonly Finding[]): string[] {
  const lines = warnings.map(formatFinding);
  for (const line of lines) opened.log.warn({ event: 'config-warning' }, line);
  return lines;
}

/** Where the dashboard is, and what lets in. */
export function announceAdmin(log: Log, endpoints: readonly Endpoint[], tokenFile: string): void {
  for (const { host, port } of endpoints) {
    const at = `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;
    log.info(
      { event: 'admin', at, tokenFile },
      `the dashboard is at ${at}; the token to log in with is in ${tokenFile}`,
    );
  }
}
