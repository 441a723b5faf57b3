// Owns the choice of the keeping: this machine's SQLite alone, or shared with other machines through Redis.
import { aloneAgreement } from '../store/agreement.ts';
import { openSqliteState } from '../store/sqlite.ts';
import type { Keeping, KeepingParts } from './keeping.ts';
import { openRedisKeeping } from './redis-keeping.ts';

/** @throws {GateError} STATE_DAMAGED */
export function openKeeping(parts: KeepingParts): Keeping {
  const { config, hearing, log } = parts;
  const state = openSqliteState(config.stateDir, Date.now(), log);
  if (config.store.kind === 'redis') return openRedisKeeping(config.store, state, parts);
  return {
    state,
    agreement: aloneAgreement(),
    records: null,
    passages: null,
    see: (event) => hearing.onEvent(event, true),
    join: async () => {},
    status: () => ({ kind: 'sqlite' }),
    stop: async () => state.close(),
  };
}
