// Owns how a finding of the doctor looks on a terminal.
import type { Sentences, Severity } from '../doctor/finding.ts';
import type { DoctorReport, ToldTarget } from '../doctor/report.ts';
import type { Context } from './context.ts';
import type { Tone } from './paint.ts';

const TONES: Readonly<Record<Severity, Tone>> = { fault: 'bad', warning: 'warning', note: 'faint' };

/** The whole report: what was looked at, what was found, and what to paste into the console. */
export function describeReport(report: DoctorReport, context: Context): string[] {
  const { words, terminal } = context;
  const say = words.doctor;
  const count = (wanted: Severity): number => report.findings.filter(({ severity }) => severity === wanted).length;
  const [faults, warnings] = [count('fault'), count('warning')];
  const summary = faults + warnings === 0 ? terminal.paint.good(say.well) : say.found(faults, warnings);
  return [
    ...report.targets.flatMap((target) => describeTarget(target, context)),
    '',
    ...report.findings.flatMap(({ at, ...finding }) => [...describeSentences(at, finding, context), '']),
    ...(report.serverVersion === null ? [] : [say.server(report.serverVersion)]),
    ...(report.paste === null
      ? []
      : [
          say.paste(report.paste.proved),
          `  server.ota        ${report.paste.serverOta}`,
          `  server.websocket  ${report.paste.serverWebsocket}`,
        ]),
    summary,
  ];
}

function describeTarget({ url, address, status, handshakeBytes, devices }: ToldTarget, { words, terminal }: Context) {
  const say = words.doctor;
  return [
    words.about(terminal.paint.title(url), say.target(address, status, handshakeBytes)),
    ...devices.map(
      ({ generation, version, outcome }) => `  ${say.generation(generation, version, say.outcome(outcome))}`,
    ),
  ];
}

/** Three lines: what and where, why it matters to a device, what to do. */
export function describeSentences(
  where: string,
  { severity, what, why, remedy }: { severity: Severity } & Sentences,
  { words, terminal }: Context,
): string[] {
  const { severities, why: whyLabel, remedy: remedyLabel } = words.doctor;
  const head = words.about(severities[severity], what);
  return [
    `${terminal.paint[TONES[severity]](head)}${where === '' ? '' : words.inBrackets(where)}`,
    `  ${words.about(whyLabel, why)}`,
    `  ${words.about(remedyLabel, remedy)}`,
  ];
}
