// Carries out `redirect`: moves a browser to https, with the method and body kept (308), or where its route says.
import type { Decision } from '../../policy/decide.ts';
import { answer } from '../answer.ts';
import type { Exchange } from '../exchange.ts';

type Redirect = Extract<Decision, { action: 'redirect' }>;

export function carryOutRedirect(exchange: Exchange, { status, location, because }: Redirect): void {
  const where = because === 'route-redirect' ? 'This has moved to' : 'This address is served by https:';
  const body = Buffer.from(`${where} ${location}\n`);
  answer(
    exchange,
    status,
    [
      ['Location', location],
      ['Content-Type', 'text/plain; charset=utf-8'],
    ],
    body,
  );
}
