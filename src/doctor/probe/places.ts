// Owns where hosts lead: by the operator’s word, else by the system’s resolver, each asked once in a run.
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { errorCode, errorText } from '../../base/errors.ts';
import type { Place } from '../facts.ts';

export class Places {
  readonly #given: ReadonlyMap<string, string>;
  readonly #asked = new Map<string, Promise<Place>>();

  /** `given`: lower-case name to address, in place of the resolver’s answer. */
  constructor(given: ReadonlyMap<string, string>) {
    this.#given = given;
  }

  /** The IPv4 address of a host, since devices know no other. Never rejects. */
  find(host: string): Promise<Place> {
    const name = host.toLowerCase();
    const address = this.#given.get(name) ?? (isIP(name) === 4 ? name : undefined);
    if (address !== undefined) return Promise.resolve({ place: 'known', address, instead: null });
    const asked = this.#asked.get(name) ?? resolve(name);
    this.#asked.set(name, asked);
    return asked;
  }

  /** From now on, this host is looked for at another address. */
  redirect(host: string, address: string, instead: { failed: string; because: string }): Place {
    const place: Place = { place: 'known', address, instead };
    this.#asked.set(host.toLowerCase(), Promise.resolve(place));
    return place;
  }
}

async function resolve(host: string): Promise<Place> {
  try {
    const found = await lookup(host, { all: true });
    const address = found.find(({ family }) => family === 4)?.address;
    if (address !== undefined) return { place: 'known', address, instead: null };
    return { place: 'unknown', because: 'it has an IPv6 address alone', ipv6: true };
  } catch (error) {
    return { place: 'unknown', because: errorCode(error) ?? errorText(error), ipv6: false };
  }
}
