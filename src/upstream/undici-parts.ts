// Owns the two parts of undici that a gate needs. The whole of it, with its fetch and its caches, would cost each gate
// 14 MB that it has no use for.
import { createRequire } from 'node:module';
import type * as undici from 'undici';

const load = createRequire(import.meta.url);

export type Pool = undici.Pool;
/** Dispatches; its `request` and the like are there only where all of undici was imported, too. */
export const Pool = load('undici/lib/dispatcher/pool.js') as typeof undici.Pool;
export const buildConnector = load('undici/lib/core/connect.js') as typeof undici.buildConnector;
export type Connector = undici.buildConnector.connector;
