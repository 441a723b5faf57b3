// Owns the page that a browser gets in place of problem JSON, where its route has one.
import { STATUS_CODES } from 'node:http';
import type { Exchange } from './exchange.ts';
import type { HeaderList } from './headers.ts';
import { routeOf } from './route-headers.ts';

const HEADERS: HeaderList = [
  ['Content-Type', 'text/html; charset=utf-8'],
  ['Cache-Control', 'no-store'],
];

/** The page of this exchange's route, filled in; null where there is none, or no browser asks for a page. */
export function errorPage(
  exchange: Exchange,
  status: number,
  detail: string,
): { headers: HeaderList; body: Buffer } | null {
  const page = routeOf(exchange)?.errorPage;
  if (page === undefined || !/\btext\/html\b/i.test(exchange.request.headers.accept ?? '')) return null;
  const words: Record<string, string> = {
    status: String(status),
    title: STATUS_CODES[status] ?? 'Error',
    detail,
    requestId: exchange.id,
  };
  const html = page.html.replace(/\{\{\s*(status|title|detail|requestId)\s*\}\}/g, (_, word: string) =>
    escapeHtml(words[word] ?? ''),
  );
  return { headers: HEADERS, body: Buffer.from(html) };
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
