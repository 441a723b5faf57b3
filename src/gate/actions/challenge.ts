// Carries out `challenge`: the answer that an ACME server waits for (RFC 8555 section 8.3).
import { answer } from '../answer.ts';
import type { Exchange } from '../exchange.ts';

export function carryOutChallenge(exchange: Exchange, keyAuthorization: string): void {
  answer(exchange, 200, [['Content-Type', 'application/octet-stream']], Buffer.from(keyAuthorization));
}
