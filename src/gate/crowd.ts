// Owns the bounds on connections: how many are open, how many of one address, and how many are in their handshake.
import type { Socket } from 'node:net';
import type { Descriptors } from '../base/descriptors.ts';
import type { Log } from '../base/log.ts';
import { RepeatedTrouble } from '../base/repeated-trouble.ts';
import type { EventQueue } from '../link/events.ts';
import { normaliseAddress } from '../policy/networks.ts';
import { HandshakeTurns } from './handshake-turns.ts';
import type { Live } from './live.ts';
import { OpenSockets } from './open-sockets.ts';
import { countedAddress, standingOf } from './standing.ts';

/** Why a connection was closed before a byte of it was read. */
export type TurnedAway = 'connections-full' | 'address-full' | 'handshakes-full';

const KEPT_FOR_LAN = 0.1;
const TELL_MS = 1_000;
// The process's own, most of them listening sockets (`listening.ts`).
const OWN_DESCRIPTORS = 96;

const WORDS: Record<TurnedAway, string> = {
  'connections-full':
    'as many connections as may be are open (limits.connections, and no more than half of the file descriptors of the process): new ones are closed',
  'address-full': 'an address has as many connections as one may have (limits.addressConnections): new ones are closed',
  'handshakes-full': 'TLS handshakes waited too long for their turn (limits.handshakes), and were closed',
};

export type CrowdParts = { log: Log; events: EventQueue; live: () => Live; descriptors: Pick<Descriptors, 'limit'> };

export class Crowd {
  readonly #parts: CrowdParts;
  readonly #turns: HandshakeTurns;
  readonly #byAddress = new OpenSockets();
  readonly #troubles = new Map<TurnedAway, RepeatedTrouble>();
  readonly #turnedAway = new Map<TurnedAway, number>();
  #open = 0;
  #telling: NodeJS.Timeout | undefined;

  constructor(parts: CrowdParts) {
    this.#parts = parts;
    this.#turns = new HandshakeTurns(() => this.#count('handshakes-full', ''));
  }

  /** Hands a new connection on, at once or when it is its turn, or closes it. Its address is its client's by now. */
  admit(socket: Socket, secure: boolean, handOn: () => void): void {
    const live = this.#parts.live();
    const address = normaliseAddress(socket.remoteAddress);
    const standing = standingOf(address, live);
    const most = Math.min(live.limits.connections, connectionsWithin(this.#parts.descriptors.limit));
    if (this.#open >= (standing === 'lan' ? most : most - Math.floor(most * KEPT_FOR_LAN))) {
      this.#turnAway(socket, 'connections-full', address);
      return;
    }
    if (
      standing === 'stranger' &&
      !this.#byAddress.enter(countedAddress(address), socket, live.limits.addressConnections)
    ) {
      this.#turnAway(socket, 'address-full', address);
      return;
    }
    this.#open += 1;
    socket.once('close', () => {
      this.#open -= 1;
    });
    if (secure && standing !== 'lan') this.#turns.take(socket, live.limits.handshakes, handOn);
    else handOn();
  }

  /** A handshake is over: with success, or the socket is about to be destroyed. */
  shookHands(socket: Socket): void {
    this.#turns.done(socket);
  }

  /** Writes what is left to tell. For the end of the process. */
  close(): void {
    for (const trouble of this.#troubles.values()) trouble.close();
  }

  #turnAway(socket: Socket, because: TurnedAway, address: string): void {
    socket.on('error', () => {}).destroy();
    this.#count(because, address);
  }

  #count(because: TurnedAway, client: string): void {
    this.#turnedAway.set(because, (this.#turnedAway.get(because) ?? 0) + 1);
    this.#telling ??= setTimeout(() => this.#tell(), TELL_MS).unref();
    let trouble = this.#troubles.get(because);
    if (trouble === undefined) {
      trouble = new RepeatedTrouble(this.#parts.log, { event: because, words: WORDS[because] });
      this.#troubles.set(because, trouble);
    }
    trouble.again(client === '' ? {} : { client });
  }

  /** A flood must not fill the queue of events. */
  #tell(): void {
    this.#telling = undefined;
    for (const [because, count] of this.#turnedAway) {
      this.#parts.events.add({ event: 'turned-away', atMs: Date.now(), because, count });
    }
    this.#turnedAway.clear();
  }
}

/** A relayed connection takes two descriptors, and the rest of the process some: past that, nothing could be opened. */
function connectionsWithin(descriptors: number): number {
  return Math.max(8, Math.floor((descriptors - OWN_DESCRIPTORS) / 2));
}
