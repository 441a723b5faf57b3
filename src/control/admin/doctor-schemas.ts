// Owns the schemas of the doctor: what it is told of the gate, what it found, and what a serial log means.
import { z } from 'zod';
import { DOCTOR_LANGUAGES, SEVERITIES } from '../../doctor/finding.ts';
import type { DoctorCode } from '../../doctor/judge/code.ts';
import { doctorWords } from '../../doctor/words.ts';

export const languageSchema = z.enum(DOCTOR_LANGUAGES).default('en').describe('of the sentences');

const listener = z
  .object({ address: z.string(), port: z.int() })
  .nullable()
  .describe('as the machine itself reaches it');
const port = z.int().nullable().describe('as the world sees it; null where nothing listens');

export const planSchema = z.object({
  hosts: z.array(z.object({ host: z.string(), role: z.enum(['main', 'lan']) })),
  path: z.string().describe('of the OTA check'),
  publicPorts: z.object({ http: port, https: port }),
  listen: z.object({ http: listener, https: listener }),
  localRoot: z.string().nullable().describe('of the local CA, in PEM'),
});
export type DoctorPlan = z.infer<typeof planSchema>;

export const visitSchema = z.object({
  mac: z.string().describe('the MAC to play: what comes under it is kept out of the history for a while'),
  plan: planSchema,
});
export type DoctorVisit = z.infer<typeof visitSchema>;

const text = z.string().max(2_000);
const severity = z.enum(SEVERITIES);
const sentences = { what: text, why: text, remedy: text };
const outcome = z.strictObject({ generation: text, version: text, outcome: text });
const target = z.strictObject({
  url: text,
  address: text,
  handshakeBytes: z.int().nullable(),
  status: z.int().nullable(),
  devices: z.array(outcome).max(10),
});
const paste = z.strictObject({ serverOta: text, serverWebsocket: text, proved: z.boolean() });
const shared = {
  targets: z.array(target).max(50),
  paste: paste.nullable().describe('for the console’s 参数管理'),
  serverVersion: text.nullable(),
};

/** A run as it is handed in: without sentences, which depend on who reads. */
export const runSchema = z.strictObject({
  ...shared,
  findings: z
    .array(
      z.strictObject({
        code: z.enum(Object.keys(doctorWords) as DoctorCode[]),
        severity,
        at: text,
        values: z.record(z.string().max(50), text),
      }),
    )
    .max(200),
});
export type DoctorRun = z.output<typeof runSchema>;

export const reportSchema = z.object({
  atMs: z.int(),
  well: z.boolean(),
  ...shared,
  findings: z.array(z.object({ code: z.string(), severity, at: text, ...sentences })),
});
export type KeptReport = z.infer<typeof reportSchema>;

export const serialAskSchema = z.strictObject({
  text: z
    .string()
    .max(512 * 1024)
    .describe('what the device printed'),
  language: languageSchema,
});

export const serialLogSchema = z.object({
  lines: z.int(),
  version: z.string().nullable().describe('that the device runs'),
  known: z.boolean().describe('whether anything in it is known'),
  findings: z.array(
    z.object({
      code: z.string(),
      severity,
      times: z.int(),
      line: z.int().describe('the first one that says so'),
      text: z.string(),
      what: z.string(),
      why: z.string(),
      remedy: z.string(),
    }),
  ),
});
