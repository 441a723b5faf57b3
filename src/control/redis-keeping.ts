// Owns the state that several machines share through Redis: this machine's own SQLite is read, and a copy of what the
// others have; changes travel both ways.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorText, GateError } from '../base/errors.ts';
import { RepeatedTrouble } from '../base/repeated-trouble.ts';
import { type RedisStore, writeServer } from '../config/store.ts';
import type { GateEvent } from '../link/events.ts';
import { Journal } from '../store/redis/journal.ts';
import { Passages } from '../store/redis/passages.ts';
import { RedisAgreement } from '../store/redis/redis-agreement.ts';
import { RedisLink } from '../store/redis/redis-link.ts';
import { Replicator, STORE_FORMAT } from '../store/redis/replicator.ts';
import { Sealing } from '../store/redis/sealing.ts';
import { Replica, type StateRecord } from '../store/replica.ts';
import { shareRollouts, takeMember, takeRollout, tellRollouts } from '../store/shared-rollouts.ts';
import { type Shared, shareState, takeIntoState, tellState } from '../store/shared-state.ts';
import type { AuditEntry, State } from '../store/state.ts';
import type { Keeping, KeepingParts, Records } from './keeping.ts';
import { VERSION } from './shipped.ts';

const KEEP_POSITION_MS = 1_000;
const JOIN_MS = 3_000;
/** A machine that was not heard of for so long is not waited for. */
export const ALIVE_MS = 5_000;
const SAME_AUDIT_MS = 60_000;
const TELL_BACK_MS = 10_000;

type Item =
  | { event: GateEvent }
  | { rollout: string; device: string }
  | { audit: Omit<AuditEntry, 'id'>; machine: string };

/** @throws {GateError} STATE_DAMAGED */
export function openRedisKeeping(store: RedisStore, local: State, parts: KeepingParts): Keeping {
  const { config, log, hearing, clock } = parts;
  const unwritten = new RepeatedTrouble(log, {
    event: 'state-not-written',
    words: `what several machines share cannot be written in ${config.stateDir}: this machine goes on with what it knows, and tries it again; make room there, or make it writable`,
    level: 'error',
  });
  const replica = new Replica(config.stateDir, tellNotWritten);
  const sealing = new Sealing(store.encryptionKey);
  const machine = replica.note('machine') ?? '';
  const installation = store.name;
  let publishing = 0;
  let toldBackMs = Number.NEGATIVE_INFINITY;
  let has = 0;

  const link = new RedisLink({
    store,
    log,
    onThere: () => void replicator.sync().then(() => journal.flush()),
    onNudge: () => void replicator.sync(),
  });
  const journal = new Journal({ link, sealing, replica, installation, log, onItems: takeItems });
  const replicator = new Replicator({
    link,
    sealing,
    replica,
    installation,
    log,
    machine,
    about: () => {
      if (publishing === 0) has = replicator.seq;
      return { name: store.machine, version: VERSION, format: STORE_FORMAT, has };
    },
    clock: { now: () => clock().now(), atLeast: (ms) => clock().atLeast(ms) },
    onRecords: takeRecords,
    journal: {
      position: () => journal.position(),
      take: (entries) => journal.take(entries),
      onLost: () => journal.onLost(),
    },
  });
  const shared: Shared = {
    put: (name, value) => replicator.put(name, value),
    read: (name) => replica.read(name)?.value ?? null,
    isRemoved: (name) => replica.read(name)?.value === null,
    list: (prefix) => replica.list(prefix),
    audit: (entry) => journal.add({ audit: entry, machine: store.machine } satisfies Item),
  };

  function takeItems(items: unknown[], own: boolean): void {
    for (const item of items as Item[]) {
      if ('event' in item) hearing.onEvent(item.event, own);
      else if (own) continue;
      else if ('audit' in item) takeAudit(item);
      else void takeMember(local.rollouts, item.rollout, item.device).catch(tellNotWritten);
    }
  }

  function takeAudit({ audit, machine: where }: Extract<Item, { audit: unknown }>): void {
    // What every gate does by itself, each machine tells.
    const same = (known: AuditEntry): boolean =>
      known.what === audit.what && known.detail === audit.detail && Math.abs(known.atMs - audit.atMs) < SAME_AUDIT_MS;
    try {
      if (audit.who === 'gate' && local.audited(20, null).some(same)) return;
      const detail = audit.who === 'gate' ? audit.detail : `${audit.detail} (on ${where})`;
      local.audit({ ...audit, detail });
    } catch (error) {
      log.warn({ event: 'audit-not-kept', detail: errorText(error) }, 'the audit trail cannot be written');
    }
  }

  function tellNotWritten(error: unknown): void {
    unwritten.again({ stateDir: config.stateDir, detail: errorText(error) });
  }

  function tellCameBack(ids: readonly string[]): void {
    if (ids.length === 0 || performance.now() - toldBackMs < TELL_BACK_MS) return;
    toldBackMs = performance.now();
    log.error(
      { event: 'closed-came-back', ids },
      `Redis brought back ${ids.join(', ')}, which was closed: it stays closed, here and on the others; look who can write there, and whether an old copy was put in its place`,
    );
  }

  /** Does what a disk that takes nothing must not end. */
  function attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      tellNotWritten(error);
    }
  }

  function takeAll(records: StateRecord[], nowMs: number): void {
    attempt(() => {
      const { cameBack, trouble } = takeIntoState(local, shared, records, nowMs);
      tellCameBack(cameBack);
      if (trouble !== null) tellNotWritten(trouble);
    });
  }

  function takeRecords(records: StateRecord[]): void {
    takeAll(records, clock().now());
    publishing += 1;
    const rollouts = records.map(({ name, value }) => takeRollout(local.rollouts, name, value).catch(tellNotWritten));
    void Promise.all(rollouts)
      .then(() => hearing.onNews(records))
      .finally(() => {
        publishing -= 1;
        if (publishing === 0) void replicator.sync();
      });
  }

  /** A position that is not written only means that some batches are read again after a restart. */
  function keepPosition(): void {
    attempt(() => {
      hearing.flush();
      journal.keepPosition();
      replica.writeHeld();
    });
  }
  const keeping = setInterval(keepPosition, KEEP_POSITION_MS).unref();

  const records: Records = {
    put: shared.put,
    read: shared.read,
    list: shared.list,
    sync: () => replicator.sync(),
    everywhere: async (withinMs) => {
      const deadline = performance.now() + withinMs;
      await replicator.sync();
      const wanted = replicator.seq;
      while (performance.now() < deadline) {
        if (!link.there) return true;
        const behind = replicator.machines.filter(
          ({ id, agoMs, about }) => id !== machine && agoMs < ALIVE_MS && Number(about.has) < wanted,
        );
        if (behind.length === 0) return true;
        await sleep(50);
        await replicator.sync();
      }
      return false;
    },
  };

  attempt(() => tellState(local, shared, Date.now()));
  takeAll(replica.list(''), Date.now());

  const tellMember = (rollout: string, device: string): void => journal.add({ rollout, device } satisfies Item);
  const agreement = new RedisAgreement(link, installation, `${machine}-${randomBytes(3).toString('hex')}`);
  const rollouts = shareRollouts(local.rollouts, shared, agreement, tellMember);
  const state: State = { ...shareState(local, shared), rollouts };
  return {
    state,
    agreement,
    records,
    passages: new Passages(link, sealing, installation),
    see: (event) => {
      if (event.event !== 'request' && event.event !== 'handshake-failed') journal.add({ event } satisfies Item);
    },
    join: async (makeFirst) => {
      await link.start();
      const late = sleep(JOIN_MS, undefined, { ref: false });
      await Promise.race([replicator.sync(), late]);
      if (replicator.refused !== null) throw new GateError('STATE_DAMAGED', replicator.refused, { fault: 'gate' });
      state.sealKeys();
      await tellRollouts(local.rollouts, shared);
      makeFirst();
      // Twice: what another machine was quicker with comes with the second.
      await Promise.race([replicator.sync().then(() => replicator.sync()), late]);
      replicator.start();
    },
    status: () => {
      const { records: count, untold } = replica.counts();
      return {
        kind: 'redis',
        server: writeServer(store),
        machine: store.machine,
        connected: link.there && replicator.refused === null,
        sinceMs: link.sinceMs,
        trouble: replicator.refused ?? link.trouble,
        machines: replicator.machines.map(({ id, agoMs, about }) => ({
          id,
          name: String(about.name ?? id),
          agoMs: Math.round(agoMs + (Date.now() - (replicator.pulledMs ?? Date.now()))),
        })),
        records: count,
        waiting: { records: untold, observations: journal.waiting },
        dropped: journal.dropped,
        lost: journal.lost,
        rebuilt: replicator.rebuilt,
        commands: link.commands,
      };
    },
    stop: async () => {
      clearInterval(keeping);
      await journal.flush();
      await replicator.stop();
      attempt(() => takeItems(journal.rest(), true));
      keepPosition();
      unwritten.close();
      link.stop();
      replica.close();
      local.close();
    },
  };
}
