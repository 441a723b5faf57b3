// The dashboard's stand-in speaks as the admin API does: its answers fit the API's schemas, and the page's types the API's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { type AuditEntry, auditEntrySchema } from '../../src/control/admin/audit.ts';
import {
  type Device,
  type DeviceList,
  deviceListSchema,
  deviceSchema,
} from '../../src/control/admin/device-schemas.ts';
import { type KeptReport, reportSchema } from '../../src/control/admin/doctor-schemas.ts';
import { firmwareListSchema } from '../../src/control/admin/firmware-schemas.ts';
import { type OpeningStatus, openingAskSchema, openingSchema } from '../../src/control/admin/opening-schemas.ts';
import type { RolloutExplained, RolloutStatus } from '../../src/control/admin/rollout-schemas.ts';
import { type Traffic, trafficSchema } from '../../src/control/admin/traffic-series.ts';
import type { RenewOutcome } from '../../src/control/certificate-keeper.ts';
import type { Status } from '../../src/control/status.ts';
import type * as api from '../../src/dashboard/api.ts';
import type { ToldSerialLog } from '../../src/doctor/serial/told.ts';
import type { FirmwareList, Progress } from '../../src/firmware/operations.ts';
import { makeReport } from '../rig/dashboard-doctor.ts';
import { Fleet } from '../rig/dashboard-fleet.ts';
import { makeAudit, makeFirmware, makeOpenings, makePoints } from '../rig/dashboard-world.ts';

/** Compiles where everything that the server says can be read as what the page expects. */
type Fits<Expected, Said extends Expected> = Said;
export type AllFit = [
  Fits<api.Status, Status>,
  Fits<api.Opening, OpeningStatus>,
  Fits<api.AuditEntry, AuditEntry>,
  Fits<api.DevicePage, DeviceList>,
  Fits<api.DeviceHistory, Device>,
  Fits<api.Firmware, FirmwareList>,
  Fits<api.Progress, Progress>,
  Fits<api.Rollout, RolloutStatus>,
  Fits<api.RolloutExplained, RolloutExplained>,
  Fits<api.Traffic, Traffic>,
  Fits<api.RenewOutcome, RenewOutcome>,
  Fits<api.DoctorReport, KeptReport>,
  Fits<api.SerialReading, ToldSerialLog>,
  Fits<z.input<typeof openingAskSchema>, api.OpeningAsk>,
];

const nowMs = Date.now();
const fleet = new Fleet(50, nowMs);

test('devices', () => {
  deviceListSchema.parse(fleet.page(new URLSearchParams('limit=60')));
  for (const { device } of fleet.devices) deviceSchema.parse(fleet.find(device));
});

test('firmware', () => {
  firmwareListSchema.parse({
    ...makeFirmware(nowMs),
    images: makeFirmware(nowMs).images.map((image) => ({ ...image, contentType: 'application/octet-stream' })),
  });
});

test('the doctor', () => {
  for (const language of ['en', 'zh'] as const) reportSchema.parse(makeReport(language));
});

test('openings, the audit and traffic', () => {
  z.array(openingSchema).parse(makeOpenings(nowMs));
  z.array(auditEntrySchema).parse(makeAudit(nowMs));
  trafficSchema.parse({ everyMs: 5_000, points: makePoints(nowMs) });
});

test('an opening is asked for as the API takes it', () => {
  const ask: api.OpeningAsk = {
    route: 'ota',
    durationMs: 600_000,
    from: [],
    reason: '',
    closeAfter: { devices: null, idleMs: 1_000 },
  };
  assert.deepEqual(openingAskSchema.parse(ask), { ...ask, startMs: null });
});
