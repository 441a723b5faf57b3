// Owns what a refused dynamic update means, in words, and what the operator does about it.
import type { GateError } from '../../base/errors.ts';
import { type DnsTask, dnsError } from './dns-error.ts';
import { RCODE } from './message.ts';
import { TSIG_ERROR, type TsigKey, type Verdict } from './tsig.ts';

const RCODE_NAMES: Readonly<Record<number, string>> = {
  1: 'FORMERR',
  2: 'SERVFAIL',
  3: 'NXDOMAIN',
  4: 'NOTIMP',
  5: 'REFUSED',
  6: 'YXDOMAIN',
  7: 'YXRRSET',
  8: 'NXRRSET',
  9: 'NOTAUTH',
  10: 'NOTZONE',
};

/** The error for a signed answer that is not NOERROR. */
export function answerError(task: DnsTask, rcode: number, key: TsigKey): GateError {
  switch (rcode) {
    case RCODE.REFUSED: {
      const grant = `grant ${key.name} name ${task.name} TXT;`;
      return dnsError(
        'DNS_REFUSED',
        task,
        `key ${key.name} may not change this record (REFUSED): let it, in BIND with \`update-policy { ${grant} };\``,
      );
    }
    case RCODE.NOTAUTH:
      return dnsError(
        'DNS_FAILED',
        task,
        'the server is not the primary of this zone (NOTAUTH): name the primary as `server`, or correct `zone`',
      );
    case RCODE.NOTZONE:
      return dnsError('DNS_FAILED', task, 'the name is not in this zone (NOTZONE): correct `zone`');
    case RCODE.NOTIMP:
      return dnsError('DNS_FAILED', task, 'the server takes no dynamic updates (NOTIMP): use another provider');
    case RCODE.SERVFAIL:
      return dnsError(
        'DNS_FAILED',
        task,
        'the server failed (SERVFAIL): its log says why; often it may not write the zone file or its journal',
        { retry: true },
      );
    default:
      return dnsError('DNS_FAILED', task, `the server answered ${rcodeName(rcode)}: its log says why`);
  }
}

/** The error for an answer whose signature does not stand; `nowSeconds` is what we signed with. */
export function verdictError(
  task: DnsTask,
  verdict: Exclude<Verdict, { kind: 'verified' }>,
  rcode: number,
  key: TsigKey,
  nowSeconds: number,
): GateError {
  if (verdict.kind === 'wrong') {
    return dnsError('DNS_FAILED', task, `the signature of the answer is wrong: ${verdict.because}`);
  }
  if (verdict.kind === 'unsigned') {
    const text = `the answer (${rcodeName(rcode)}) is not signed with key ${key.name}: does the server know TSIG, and is nothing in between that answers for it?`;
    return dnsError(rcode === RCODE.REFUSED ? 'DNS_REFUSED' : 'DNS_FAILED', task, text);
  }
  switch (verdict.error) {
    case TSIG_ERROR.BADKEY:
      return dnsError(
        'DNS_REFUSED',
        task,
        `the server knows no key ${key.name} with ${key.algorithm} (BADKEY): \`keyName\` and \`algorithm\` must be as in the server's own key`,
      );
    case TSIG_ERROR.BADSIG:
      return dnsError(
        'DNS_REFUSED',
        task,
        `the secret of key ${key.name} is not the one that the server has (BADSIG): compare \`secret\` with the server's own`,
      );
    case TSIG_ERROR.BADTIME:
      return dnsError('DNS_REFUSED', task, `the clocks differ (BADTIME): ${clocks(verdict, nowSeconds)}`);
    case TSIG_ERROR.BADTRUNC:
      return dnsError('DNS_FAILED', task, 'the server wants longer signatures (BADTRUNC): set another `algorithm`');
    default:
      return dnsError('DNS_FAILED', task, `the server did not take the signature (TSIG error ${verdict.error})`);
  }
}

function clocks(verdict: { serverSeconds: number | null }, nowSeconds: number): string {
  const [here, there] = [nowSeconds, verdict.serverSeconds].map((seconds) =>
    seconds === null ? 'another time' : new Date(seconds * 1000).toISOString(),
  );
  return `it is ${here} here and ${there} there; set the one that is wrong, by NTP`;
}

function rcodeName(rcode: number): string {
  return RCODE_NAMES[rcode] ?? (rcode === RCODE.NOERROR ? 'NOERROR' : `code ${rcode}`);
}
