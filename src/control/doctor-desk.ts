// Owns the doctor's visits, so that the device that it plays is kept out of the history, and its last report.
import { networkInterfaces } from 'node:os';
import { GateError } from '../base/errors.ts';
import type { DoctorLanguage } from '../doctor/finding.ts';
import { newMac } from '../doctor/probe/player.ts';
import { tellFinding } from '../doctor/report.ts';
import type { GateEvent } from '../link/events.ts';
import type { Snapshot } from '../link/snapshot.ts';
import type { DoctorRun, DoctorVisit, KeptReport } from './admin/doctor-schemas.ts';
import { doctorPlan } from './doctor-plan.ts';

// A run takes a minute; one against an address that is silent takes some.
const VISIT_MS = 10 * 60_000;
// Events of a gate come a moment after what they tell of.
const LEAVE_MS = 15_000;
const MAX_VISITS = 16;

export class DoctorDesk {
  readonly #gate: () => readonly [snapshot: Snapshot | null, localRoot: string | null];
  /** MAC to the moment of this process until which it is kept out. */
  readonly #visits = new Map<string, number>();
  #last: { atMs: number; run: DoctorRun } | null = null;

  constructor(gate: () => readonly [snapshot: Snapshot | null, localRoot: string | null]) {
    this.#gate = gate;
  }

  /**
   * The MAC is chosen here, one of 2^40: so no stranger can hide behind it, and nobody can have a device of his own
   * choice kept out. Past `MAX_VISITS`, the one that is longest there counts as a device again.
   * @throws {GateError} with status 503 while the gate is still starting
   */
  visit(): DoctorVisit {
    const [snapshot, localRoot] = this.#gate();
    if (snapshot === null)
      throw new GateError('INTERNAL', 'the gate is still starting', { fault: 'gate', status: 503 });
    const plan = doctorPlan(snapshot, localRoot, networkInterfaces());
    const mac = newMac();
    const [oldest] = this.#visits.keys();
    if (this.#visits.size >= MAX_VISITS && oldest !== undefined) this.#visits.delete(oldest);
    this.#visits.set(mac, performance.now() + VISIT_MS);
    return { mac, plan };
  }

  /** False where there is no such visit. */
  leave(mac: string): boolean {
    if (!this.#visits.has(mac)) return false;
    this.#visits.set(mac, performance.now() + LEAVE_MS);
    return true;
  }

  /** Whether an event is of a device that is played. */
  isPlayed(event: GateEvent): boolean {
    if (this.#visits.size === 0 || !('device' in event) || event.device === null) return false;
    const untilMs = this.#visits.get(event.device);
    if (untilMs === undefined) return false;
    if (performance.now() < untilMs) return true;
    this.#visits.delete(event.device);
    return false;
  }

  keep(run: DoctorRun): void {
    this.#last = { atMs: Date.now(), run };
  }

  /** In memory alone: what was found before a restart may be mended. */
  last(language: DoctorLanguage): KeptReport | null {
    if (this.#last === null) return null;
    const { atMs, run } = this.#last;
    const { findings, ...rest } = run;
    return {
      atMs,
      well: !findings.some(({ severity }) => severity === 'fault'),
      ...rest,
      findings: findings.map((finding) => tellFinding(finding, language)),
    };
  }
}
