// Owns certificates that an operator brings along, as a test needs them: whole chains, and every way to spoil one.
import { type Issued, issue, type KeyKind } from '../tls/issue.ts';
import type { Pem } from './openssl.ts';

const root = issue({ name: 'Operator Root', ca: true });
const intermediate = issue({ name: 'Operator Intermediate', ca: true, by: root });
const DAY_MS = 86_400_000;

/** The root that all of them chain up to. */
export const OPERATOR_ROOT = root.pem;

/** A leaf with its intermediate. */
export function chainFor(name: string, key: KeyKind = 'p256'): Pem {
  const leaf = leafOf(name, { key });
  return { cert: leaf.pem + intermediate.pem, key: leaf.keyPem };
}

/** Files that must be refused, each with what is said of it. */
export function spoiltFor(name: string): Record<string, Pem & { because: RegExp }> {
  const good = chainFor(name);
  const lone = leafOf(name, { namesIssuer: true });
  const expired = leafOf(name, { from: new Date(Date.now() - 2 * DAY_MS), until: new Date(Date.now() - DAY_MS) });
  const beside = issue({ name: 'Another Intermediate', ca: true });
  return {
    mismatched: {
      ...good,
      key: chainFor(name).key,
      because: /\.key is not the key of the first certificate in .*\.pem/,
    },
    truncated: { ...good, cert: good.cert.slice(0, -100), because: /\.pem is cut off: certificate 2 has no end/ },
    expired: { cert: expired.pem + intermediate.pem, key: expired.keyPem, because: /\.pem expired on \d{4}-/ },
    disordered: {
      ...good,
      cert: good.cert.replace(intermediate.pem, beside.pem + intermediate.pem),
      because: /\.pem is out of order: certificate 2 did not issue certificate 1/,
    },
    lone: { cert: lone.pem, key: lone.keyPem, because: /\.pem holds the leaf alone, .*use the full chain/ },
  };
}

function leafOf(name: string, wish: Partial<Parameters<typeof issue>[0]>): Issued {
  return issue({ name, hosts: [name], by: intermediate, ...wish });
}
