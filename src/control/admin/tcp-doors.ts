// Owns the doors on TCP: which endpoints are listened on, and how that changes while the gate runs.
import { isDeepStrictEqual } from 'node:util';
import type { Endpoint } from '../../config/config.ts';
import { endpointsCollide } from '../../config/endpoints.ts';
import type { OpenDoor } from './doors.ts';

type TcpDoor = OpenDoor & { asked: Endpoint; bound: Endpoint };

export class TcpDoors {
  readonly #openDoor: (endpoint: Endpoint) => Promise<OpenDoor>;
  #doors: TcpDoor[] = [];

  constructor(open: (endpoint: Endpoint) => Promise<OpenDoor>) {
    this.#openDoor = open;
  }

  /** As they are bound: a port 0 has become a real one. */
  endpoints(): Endpoint[] {
    return this.#doors.map(({ bound }) => bound);
  }

  /**
   * Listens on these from now on. What is listened on already stays, with its connections; what is not asked for any
   * more may finish what runs.
   * @throws {GateError} LISTEN_FAILED; then the old ones are listened on
   */
  async listen(tcp: readonly Endpoint[]): Promise<void> {
    const stays = ({ asked }: TcpDoor): boolean => tcp.some((endpoint) => isDeepStrictEqual(endpoint, asked));
    const kept = this.#doors.filter(stays);
    const leaving = this.#doors.filter((door) => !stays(door));
    const fresh = tcp.filter((endpoint) => !kept.some(({ asked }) => isDeepStrictEqual(asked, endpoint)));
    // From 127.0.0.1:9180 to [::]:9180: the old one has to go before the new one can come.
    const inTheWay = leaving.filter(({ bound }) => fresh.some((endpoint) => endpointsCollide(endpoint, bound)));
    for (const door of inTheWay) door.leave();
    const opened: TcpDoor[] = [];
    try {
      for (const asked of fresh) opened.push(await this.#open(asked, asked));
    } catch (error) {
      await Promise.all(opened.map((door) => door.close()));
      const again = await Promise.all(inTheWay.map(({ asked, bound }) => this.#open(asked, bound)));
      this.#doors = [...this.#doors.filter((door) => !inTheWay.includes(door)), ...again];
      throw error;
    }
    for (const door of leaving) if (!inTheWay.includes(door)) door.leave();
    this.#doors = [...kept, ...opened];
  }

  async close(): Promise<void> {
    await Promise.all(this.#doors.map((door) => door.close()));
  }

  async #open(asked: Endpoint, where: Endpoint): Promise<TcpDoor> {
    const door = await this.#openDoor(where);
    return { ...door, asked, bound: door.endpoint ?? where };
  }
}
