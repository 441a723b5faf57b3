// Owns the turn of one machine to order a certificate: no two order the same one, and the CA is asked no sooner by another
// machine than by the one that it has just refused.
import type { Agreement, Lease } from '../store/agreement.ts';
import type { Obtained } from '../tls/acme/certificate-files.ts';

/** What other machines have a part in. */
export type OtherKeepers = {
  /** Hears all that they have by now. */
  sync: () => Promise<void>;
  /** Tells them of a certificate, and of an account before the CA hears of it. */
  obtained: (obtained: Obtained) => void;
  account: (name: string) => Promise<void>;
};

/** How an order ended: null where there is a new certificate, or it was not needed any more. */
export type OrderEnd = { fault: string | null; restMs: number };

/** Null where it is another machine's turn, or nobody can be asked whose it is. */
export async function inTurn(
  agreement: Agreement,
  item: { name: string; keyType: string },
  work: (lease: Lease) => Promise<OrderEnd>,
): Promise<OrderEnd | null> {
  const lease = await agreement.lease(`order/${item.name}.${item.keyType}`);
  if (lease === null) return null;
  let restMs = 0;
  try {
    const end = await work(lease);
    restMs = end.restMs;
    return end;
  } finally {
    await lease.release(restMs);
  }
}
