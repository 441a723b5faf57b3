// Carries out `redirect`: moves a browser to https, with the method and body kept (308).
import { answer } from '../answer.ts';
import type { Exchange } from '../exchange.ts';

export function carryOutRedirect(exchange: Exchange, location: string): void {
  const body = Buffer.from(`This address is served by https: ${location}\n`);
  answer(
    exchange,
    308,
    [
      ['Location', location],
      ['Content-Type', 'text/plain; charset=utf-8'],
    ],
    body,
  );
}
