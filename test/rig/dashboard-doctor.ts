// Owns the doctor of the dashboard's stand-in: one run with a fault in it, and the real reading of a serial log.
import type { KeptReport } from '../../src/control/admin/doctor-schemas.ts';
import { DOCTOR_LANGUAGES, type DoctorLanguage } from '../../src/doctor/finding.ts';
import { tellFinding } from '../../src/doctor/report.ts';
import { readSerialLog } from '../../src/doctor/serial/serial-log.ts';
import { type ToldSerialLog, tellSerialLog } from '../../src/doctor/serial/told.ts';

const URL_OF_OTA = 'https://ota.example.com/xiaozhi/ota/';

export function answerDoctor(
  what: string,
  query: URLSearchParams,
  body: Buffer,
): { report: KeptReport } | ToldSerialLog {
  if (what === 'report') return { report: makeReport(languageOf(query.get('language'))) };
  const { text, language } = JSON.parse(body.toString()) as { text: string; language: string };
  return tellSerialLog(readSerialLog(text), languageOf(language));
}

export function makeReport(language: DoctorLanguage): KeptReport {
  const values = { status: '301', location: '<b>https://elsewhere.example.com/</b>' };
  return {
    atMs: 1_795_346_793_698,
    well: false,
    targets: [
      {
        url: URL_OF_OTA,
        address: '203.0.113.7',
        handshakeBytes: 2_812,
        status: 301,
        devices: [
          { generation: 'legacy', version: '1.5.0', outcome: '301' },
          { generation: 'modem', version: '1.5.0', outcome: 'update 2.0.1' },
        ],
      },
    ],
    findings: [tellFinding({ code: 'reply-redirect', severity: 'fault', at: URL_OF_OTA, values }, language)],
    paste: { serverOta: URL_OF_OTA, serverWebsocket: 'wss://ota.example.com/xiaozhi/v1/', proved: false },
    serverVersion: '0.9.6',
  };
}

function languageOf(text: string | null): DoctorLanguage {
  return DOCTOR_LANGUAGES.find((language) => language === text) ?? 'en';
}
