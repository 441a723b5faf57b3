// Owns passages: bytes of one machine that pass through Redis to the others while they grow, in sealed parts, for a short
// time, and never more of them at once than Redis is meant to hold.
import { setTimeout as sleep } from 'node:timers/promises';
import { machineClock } from '../../base/clock.ts';
import { passageKey, passagesKeys } from './keys.ts';
import { type RedisLink, script } from './redis-link.ts';
import type { Sealing } from './sealing.ts';

/** Of all passages that there are, in Redis' memory. */
export const MAX_PASSAGE_BYTES = 128 * 1024 * 1024;
export const MAX_PART_BYTES = 256 * 1024;
const LIFE_MS = 60_000;
const READ_AT_ONCE = 4;
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [15, 60];
// A writer that has nothing new says so as often; one that is silent for so long is dead.
export const BEAT_MS = 500;
const SILENT_MS = 2_800;

/** Keys: pointer, stream, passages, bytes. Arguments: token, head, length, the most in all, life. Reply: 1, or 0: no room. */
const BEGIN = script(`
local holder = redis.call('GET', KEYS[1])
if holder and tonumber(holder) > tonumber(ARGV[1]) then return redis.error_reply('LOST another machine has the turn') end
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
for _, over in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now, 'LIMIT', 0, 1000)) do
  redis.call('ZREM', KEYS[3], over)
  redis.call('HDEL', KEYS[4], over)
end
local sum = tonumber(ARGV[3])
for _, bytes in ipairs(redis.call('HVALS', KEYS[4])) do sum = sum + tonumber(bytes) end
if sum > tonumber(ARGV[4]) then return 0 end
redis.call('XADD', KEYS[2], '*', 'head', ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[5])
redis.call('ZADD', KEYS[3], now + tonumber(ARGV[5]), KEYS[2])
redis.call('HSET', KEYS[4], KEYS[2], ARGV[3])
return 1
`);

/** Keys: pointer, stream, passages. Arguments: token, field, value, life, end of life. Reply: 0 where another one writes. */
const ADD = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('XADD', KEYS[2], '*', ARGV[2], ARGV[3])
for i = 1, 2 do redis.call('PEXPIRE', KEYS[i], ARGV[4]) end
local t = redis.call('TIME')
redis.call('ZADD', KEYS[3], tonumber(t[1]) * 1000 + tonumber(ARGV[4]), KEYS[2])
return 1
`);

/** Adds to a passage; each resolves when Redis has it. False where it is this one's no longer. */
export type PassageWriter = {
  add: (part: Buffer) => Promise<boolean>;
  beat: () => Promise<boolean>;
  end: (whole: boolean) => Promise<void>;
};

export type Passage = {
  head: unknown;
  /** How long ago it began, and whether its last byte is there. */
  ageMs: number;
  whole: boolean;
  /** All parts from the first on. Throws where the writer died, failed, or changed, and where the signal ends it. */
  parts: (signal: AbortSignal) => AsyncGenerator<Buffer>;
};

type Entry = { id: string; field: string; value: Buffer };

export class Passages {
  readonly #link: RedisLink;
  readonly #sealing: Sealing;
  readonly #installation: string;

  constructor(link: RedisLink, sealing: Sealing, installation: string) {
    this.#link = link;
    this.#sealing = sealing;
    this.#installation = installation;
  }

  get there(): boolean {
    return this.#link.there;
  }

  /** Begins one; `token` is that of the lease under which it is written. Null where there is no room. @throws STORE_GONE, or the server's LOST */
  async begin(name: string, token: number, head: unknown, lengthBytes: number): Promise<PassageWriter | null> {
    const { pointer, stream } = this.#keys(name, String(token));
    const [passages, bytes] = passagesKeys(this.#installation);
    const sealed = this.#seal(name, token, 'head', Buffer.from(JSON.stringify(head)));
    const args = [String(token), sealed, String(lengthBytes), String(MAX_PASSAGE_BYTES), String(LIFE_MS)];
    const begun = await this.#link.runScript(BEGIN, [pointer, stream, passages, bytes], args);
    if (begun !== 1) return null;
    let parts = 0;
    const add = async (field: string, value: Buffer): Promise<boolean> => {
      const rest = [String(token), field, value, String(LIFE_MS)];
      return (await this.#link.runScript(ADD, [pointer, stream, passages], rest)) === 1;
    };
    return {
      add: (part) => {
        parts += 1;
        return add('part', this.#seal(name, token, String(parts), part));
      },
      beat: () => add('beat', Buffer.alloc(0)),
      end: async (whole) => void (await add(whole ? 'whole' : 'failed', Buffer.alloc(0))),
    };
  }

  /** Null where there is none, or Redis cannot be asked. */
  async find(name: string): Promise<Passage | null> {
    try {
      const token = await this.#link.run(['GET', this.#keys(name, '').pointer]);
      if (!Buffer.isBuffer(token)) return null;
      const { stream } = this.#keys(name, token.toString());
      const [first] = entriesOf(await this.#link.run(['XRANGE', stream, '-', '+', 'COUNT', '1']));
      const [last] = entriesOf(await this.#link.run(['XREVRANGE', stream, '+', '-', 'COUNT', '1']));
      if (first === undefined || last === undefined || last.field === 'failed') return null;
      const head = this.#open(name, token.toString(), 'head', first.value);
      if (head === null) return null;
      const beganMs = Number(first.id.split('-')[0]);
      const lastMs = Number(last.id.split('-')[0]);
      const whole = last.field === 'whole';
      // By Redis' own times: the machines' clocks need not agree.
      const nowMs = Number(await this.#now());
      if (!whole && nowMs - lastMs > SILENT_MS) return null;
      return {
        head: JSON.parse(head.toString()),
        ageMs: nowMs - (whole ? lastMs : beganMs),
        whole,
        parts: (signal) => this.#parts(name, token.toString(), first.id, signal),
      };
    } catch {
      return null;
    }
  }

  async *#parts(name: string, token: string, after: string, signal: AbortSignal): AsyncGenerator<Buffer> {
    const { stream } = this.#keys(name, token);
    let at = after;
    let number = 0;
    let heardMs = machineClock();
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
      signal.throwIfAborted();
      const entries = entriesOf(await this.#link.run(['XRANGE', stream, `(${at}`, '+', 'COUNT', String(READ_AT_ONCE)]));
      for (const { id, field, value } of entries) {
        at = id;
        if (field === 'whole') return;
        if (field === 'failed') throw new Error('the machine that fetched it failed');
        if (field !== 'part') continue;
        number += 1;
        const part = this.#open(name, token, String(number), value);
        if (part === null) throw new Error('a part of it is sealed with another key');
        pauseMs = FIRST_PAUSE_MS;
        yield part;
      }
      if (entries.length > 0) heardMs = machineClock();
      else if (machineClock() - heardMs > SILENT_MS) throw new Error('the machine that fetched it says nothing more');
      if (entries.length < READ_AT_ONCE) await sleep(pauseMs, undefined, { signal });
    }
  }

  async #now(): Promise<number> {
    const reply = await this.#link.run(['TIME']);
    return Array.isArray(reply) ? Number(String(reply[0])) * 1000 + Number(String(reply[1])) / 1000 : 0;
  }

  #keys(name: string, token: string): { pointer: string; stream: string } {
    const pointer = passageKey(this.#installation, name);
    return { pointer, stream: `${pointer}:${token}` };
  }

  #seal(name: string, token: number, part: string, plain: Buffer): Buffer {
    return this.#sealing.seal(plain, `passage/${name}/${token}/${part}`);
  }

  #open(name: string, token: string, part: string, sealed: Buffer): Buffer | null {
    return this.#sealing.open(sealed, `passage/${name}/${token}/${part}`);
  }
}

function entriesOf(reply: unknown): Entry[] {
  return (Array.isArray(reply) ? reply : []).map((entry: unknown) => {
    const [id, fields] = Array.isArray(entry) ? entry : [];
    const [field, value] = Array.isArray(fields) ? fields : [];
    return { id: String(id), field: String(field), value: Buffer.isBuffer(value) ? value : Buffer.alloc(0) };
  });
}
