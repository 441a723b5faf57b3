// Owns where the page is: the address in the browser's history, without loading the document anew.
import { Cell } from './cell.ts';

const here = (): string => location.pathname + location.search;

/** Path and query. */
export const address = new Cell(here());

window.addEventListener('popstate', () => address.set(here()));

export function go(to: string): void {
  if (to === address.value) return;
  history.pushState(null, '', to);
  address.set(here());
  window.scrollTo(0, 0);
}

/** Another query of the same page: no step in the history. */
export function become(to: string): void {
  history.replaceState(null, '', to);
  address.set(here());
}

/** Takes clicks on links of ours; those that open elsewhere are the browser's. */
export function follow(event: MouseEvent): void {
  const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!plain || event.defaultPrevented || link === null) return;
  if (link.origin !== location.origin || link.target !== '' || link.hasAttribute('download')) return;
  if (link.pathname.startsWith('/api/') || link.hash !== '') return;
  event.preventDefault();
  go(link.pathname + link.search);
}
