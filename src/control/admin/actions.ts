// Owns what the admin interface wants of the gate: the actions behind its routes. Whoever composes the process gives them.
import type { FirmwareOperations } from '../../firmware/operations.ts';
import type { RenewOutcome } from '../certificate-keeper.ts';
import type { DoctorDesk } from '../doctor-desk.ts';
import type { ReloadOutcome } from '../reload-outcome.ts';
import type { Status } from '../status.ts';
import type { AlertList, Trial } from './alert-schemas.ts';
import type { AuditEntry, AuditWhat, Who } from './audit.ts';
import type { Device, DeviceList, DeviceQuery, DeviceRow } from './device-schemas.ts';
import type { ClosedOpening, OpeningAsk, OpeningStatus } from './opening-schemas.ts';
import type { RolloutExplained, RolloutGiven, RolloutMatch, RolloutStatus } from './rollout-schemas.ts';

export type AdminActions = {
  /** @throws {GateError} with status 503 while the gate is still starting */
  status: () => Status;
  /** Whether a gate serves. Asked by anybody, so it has to be cheap. */
  ready: () => boolean;
  reload: (who: Who) => Promise<ReloadOutcome>;
  openings: () => OpeningStatus[];
  /** @throws {GateError} OPENING_REFUSED */
  open: (ask: OpeningAsk, who: Who) => Promise<OpeningStatus>;
  /** Gives back what was closed; empty where nothing fits. */
  close: (routeOrId: string, who: Who) => Promise<ClosedOpening[]>;
  /** Newest first; older than `before` where that is not null. */
  audit: (limit: number, before: number | null) => AuditEntry[] | Promise<AuditEntry[]>;
  /** Notes what the admin interface did by itself: the other actions note what they do. */
  note: (what: AuditWhat, who: Who, detail: string) => void;
  /** Renews all certificates, or those of one name; gives back what failed. */
  renew: (name: string | null, who: Who) => Promise<RenewOutcome>;
  /** The local CA's root in PEM, or null where it signs nothing. */
  root: () => string | null;
  alerts: AlertActions;
  devices: DeviceActions;
  firmware: FirmwareActions;
  doctor: DoctorActions;
  rollouts: RolloutActions;
};

export type DoctorActions = Pick<DoctorDesk, 'visit' | 'leave' | 'keep' | 'last'>;

export type AlertActions = {
  /** The troubles that last, and how the webhooks do. */
  list: () => AlertList;
  /** Sends a message to every webhook, now and once. */
  test: () => Promise<Trial[]>;
};

export type DeviceActions = {
  list: (query: DeviceQuery) => DeviceList | Promise<DeviceList>;
  /** Null for one that was never seen. */
  one: (device: string, page?: { before: number | null; limit: number }) => Device | null | Promise<Device | null>;
  /** All of them, one after the other. */
  all: () => Iterable<DeviceRow>;
};

export type RolloutActions = {
  list: () => Promise<RolloutStatus[]>;
  /** These four @throws {GateError} ROLLOUT_REFUSED */
  hold: (which: { name: string } | RolloutMatch, who: Who) => Promise<RolloutStatus>;
  offer: (name: string, who: Who) => Promise<RolloutStatus[]>;
  pin: (version: string, match: RolloutMatch, who: Who) => Promise<RolloutStatus>;
  rollback: (name: string, who: Who) => Promise<RolloutStatus>;
  percent: (name: string, percent: number, who: Who) => Promise<RolloutStatus>;
  explain: (device: string, given: RolloutGiven) => RolloutExplained;
};

export type FirmwareActions = Pick<
  FirmwareOperations,
  'list' | 'fileOf' | 'add' | 'fetch' | 'warm' | 'verify' | 'purge' | 'pin' | 'extract'
>;
