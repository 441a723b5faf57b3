// Owns the addresses of the pages.

export type Place =
  | { page: 'overview' }
  | { page: 'openings' }
  | { page: 'devices' }
  | { page: 'device'; device: string }
  | { page: 'firmware' }
  | { page: 'certificates' }
  | { page: 'doctor' }
  | { page: 'log' }
  | { page: 'nowhere' };

export const PAGES = ['overview', 'openings', 'devices', 'firmware', 'certificates', 'doctor', 'log'] as const;
export type PageName = (typeof PAGES)[number];

export function readPlace(path: string): Place {
  const [first = '', second = '', ...more] = path.split('/').slice(1);
  if (first === '' && second === '') return { page: 'overview' };
  if (first === 'devices' && second !== '' && more.length === 0) {
    const device = unescaped(second);
    return device === null ? { page: 'nowhere' } : { page: 'device', device };
  }
  const page = PAGES.find((one) => one === first && one !== 'overview');
  return page !== undefined && second === '' ? { page } : { page: 'nowhere' };
}

export function pathOf(page: PageName): string {
  return page === 'overview' ? '/' : `/${page}`;
}

/** A device may be called anything. */
export function devicePath(device: string): string {
  return `/devices/${encodeURIComponent(device)}`;
}

function unescaped(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
