// Owns the English words of what commands print, and with them the shape that every other language has to have.
import type { AuditWhat, Who } from '../control/admin/audit.ts';
import type { DoctorLanguage } from '../doctor/finding.ts';
import type { ImageKind } from '../store/catalogue.ts';
import type { DeviceFinding } from '../tls/device-finding.ts';
import { alertWords } from './alert-words.ts';
import { deviceWords } from './device-words.ts';
import { doctorWords } from './doctor-words.ts';
import { helpWords } from './help-words.ts';
import { rolloutWords } from './rollout-words.ts';

function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`;
}

const list = (items: readonly string[]): string => items.join(', ');
const whom = (from: readonly string[]): string => list(from) || 'everyone';

export const english = {
  help: helpWords,
  devices: deviceWords,
  rollouts: rolloutWords,
  doctor: doctorWords,
  /** Which of the doctor's languages this is. */
  language: 'en' as DoctorLanguage,
  /** How several things are said in one line, and what follows on something. */
  list,
  clauses: (clauses: readonly string[]) => clauses.join('; '),
  about: (what: string, said: string) => `${what}: ${said}`,
  inBrackets: (more: string) => ` (${more})`,
  units: { day: 'd', hour: 'h', minute: 'min', second: 's', between: ' ' },
  who: {
    'command line': 'command line',
    page: 'dashboard',
    configuration: 'configuration',
    gate: 'the gate',
  } satisfies Record<Who, string>,

  usage: {
    error: 'error: ',
    seeHelp: (command: string) => `\`${command} --help\` says how it is used`,
    listHelp: (command: string) => `\`${command} --help\` lists the commands`,
    meant: (word: string) => `; did you mean ${word}?`,
    unknownCommand: (name: string) => `there is no command ${name}`,
    unknownOption: (flag: string) => `there is no option ${flag}`,
    missingArgument: (term: string) => `${term} is missing`,
    missingOption: (flags: string) => `${flags} is missing`,
    missingValue: (flags: string) => `the value is missing: ${flags}`,
    tooMany: (rest: string, expected: number) =>
      `too many arguments: ${rest} (${expected === 0 ? 'none' : expected} expected)`,
    notOneOf: (flag: string, found: string, known: string) => `${flag} ${found}: write one of ${known}`,
    notCount: (flag: string, found: string, least: number, most: number) =>
      `${flag} ${found}: write a whole number from ${least} to ${most}`,
    notDuration: (flag: string, found: string) =>
      `${flag} ${found} is no duration that can be used: write 30m, 90s or 2h`,
    notMoment: (flag: string, found: string, example: string) =>
      `${flag} ${found}: write a date, a time and their zone, such as ${example}`,
    pastMoment: (flag: string, found: string) => `${flag} ${found} is over: leave it out to begin at once`,
    goesWith: (flag: string, other: string) => `${flag} goes with ${other}`,
    notBoth: (flag: string, other: string) => `${flag} or ${other}: one of the two`,
    notWithDevice: (flag: string) => `${flag} chooses among the devices: leave it out, or the name of the device`,
    explainUrl: (found: string, example: string) => `--explain wants a URL such as ${example}, not ${found}`,
    explainFrom:
      '--explain wants --from ADDRESS: where the request comes from, for example 192.168.1.77 or 203.0.113.9',
  },

  gate: {
    notRunning: (file: string, socket: string) =>
      `no gate is running for ${file} (nothing answers on ${socket}): start one with \`otagate serve -c ${file}\``,
    notFound: (file: string) =>
      `where its gate is cannot be read from ${file}: mend it, or give -c a file that holds nothing but its stateDir`,
    notPermitted: (socket: string) =>
      `this user may not ask the gate (${socket} is its owner's alone): run this as the user that runs the gate, or as root`,
    notAsked: (socket: string, reason: string) => `the gate on ${socket} could not be asked: ${reason}`,
    noAnswerYet: (wait: string) => `control does not answer yet: waiting for it, ${wait} at most`,
    silent: (socket: string, reason: string) =>
      `control does not answer on ${socket} (${reason}). What it was asked may still be done once it goes on. Look whether its process was stopped or waits for the disk of stateDir; where it stays so, start the gate anew`,
    cannotStart: (reason: string) => `otagate cannot start: ${reason}`,
    reloadRefused: 'the new configuration is kept out, the old one stays:',
    reloaded: (changed: string) => (changed === '' ? 'reloaded; nothing changed' : `reloaded; changed: ${changed}`),
  },

  import: {
    nothing: (file: string) => `${file} holds nothing that could be taken over`,
    isThere: (file: string) => `${file} is there already: choose another name, or move it away`,
    notWritten: (file: string, reason: string) => `${file} could not be written (${reason})`,
    written: (file: string) => `${file} is written: look through it, and run \`otagate check -c ${file}\``,
  },

  check: {
    warning: 'warning',
    well: (file: string, domains: string, routes: number) => `${file} is well: ${domains}; ${count(routes, 'route')}`,
    lan: (networks: string, not: string) => `LAN is ${networks}, but not ${not}, unless listed in networks.lan`,
    loopback: 'loopback',
    ownGateway: (address: string) => `${address} (own gateway)`,
    gatewaysUnknown: 'This system does not tell its default gateways: list the LAN by hand if clients arrive from one.',
    explained: (request: string, from: string, lan: boolean, action: string) =>
      `${request} from ${from} (${lan ? 'LAN' : 'not LAN'}): ${action}`,
    because: (why: string, code: string) => `because ${why} (${code})`,
    refused: (status: number, code: string) => `refused with ${status} ${code}`,
    redirected: (status: number, location: string) => `redirected (${status}) to ${location}`,
    files: (route: string, path: string) => `served from the folder of route ${route}, as ${path}`,
    login: 'a name and a password are asked for first (basicAuth)',
    challenge: 'answered as an ACME challenge',
    admin: (route: string, path: string) => `the admin interface by route ${route}, path ${path}`,
    forwarded: (action: string, route: string, upstream: string, path: string) =>
      `${action} by route ${route} to upstream ${upstream}, path ${path}`,
  },

  status: {
    labels: {
      gate: 'otagate',
      listen: 'listen',
      stream: 'stream',
      domains: 'domains',
      lan: 'lan',
      certificate: 'cert',
      acme: 'acme',
      fault: 'fault',
      upstream: 'upstream',
      openings: 'openings',
      opening: 'opening',
      worker: 'worker',
      keeping: 'store',
      firmware: 'firmware',
      checks: 'checks',
      tls: 'tls',
    },
    gate: (pid: number, since: string, config: string, snapshot: number) =>
      `pid ${pid}, since ${since}, ${config} (snapshot ${snapshot})`,
    serverDown: (origin: string) => `${origin} (down: left out)`,
    serverFailed: (origin: string, failures: number) => `${origin} (failed ${count(failures, 'time')})`,
    stream: (address: string, upstream: readonly string[], open: number) =>
      `TLS on ${address}, in front of ${upstream.join(', ')}; ${count(open, 'connection')} open`,
    listen: (scheme: string, address: string, port: number) => `${scheme} on ${address}, known outside as port ${port}`,
    lan: (networks: string, not: string) => `${networks}; not LAN: ${not}`,
    gatewaysUnknown: 'this system does not tell its gateways: if clients arrive from one, they count as LAN',
    noOpenings: 'none: plain HTTP is open as the routes say',
    opening: (id: string, route: string, from: readonly string[], until: string, left: string) =>
      `${id}: ${route} for ${whom(from)} until ${until} (${left} left)`,
    worker: (name: string, pid: number, restarts: number) =>
      `${name}: pid ${pid}${restarts > 0 ? `, replaced ${count(restarts, 'time')}` : ''}`,
    keeping: (server: string, machine: string, others: readonly string[], records: number) =>
      `${server}, as ${machine}${others.length === 0 ? ', alone' : ` with ${list(others)}`}; ${count(records, 'record')}`,
    machineGone: (name: string, since: string) => `${name} (not heard of for ${since})`,
    storeGone: (server: string, since: string, why: string, records: number, observations: number) =>
      `${server} CANNOT BE REACHED for ${since} (${why}): this machine goes on with its own copy; ${count(records, 'change')} and ${count(observations, 'observation')} wait`,
    storeLosses: (dropped: number, lost: number, rebuilt: number) =>
      `${count(dropped, 'observation')} dropped, ${count(lost, 'batch', 'batches')} of others never read, put back ${count(rebuilt, 'time')} after a loss`,
    store: (images: number, used: string, most: string, filling: number, downloads: number) =>
      `${count(images, 'image')}, ${used} of ${most} MB; ${filling} being fetched, ${downloads} downloads run`,
    stored: (fetched: number, saved: number) => `${fetched} fetched, ${saved} served without`,
    merged: (images: number) => `${images} merged, which no device can take: see \`otagate firmware list\``,
    checks: (checks: number, offers: number, complete: number, broken: number) =>
      `${checks}, offers ${offers}; downloads ${complete} complete, ${broken} broken off`,
    handshakes: (reasons: string) => `failed handshakes: ${reasons}`,
    turnedAway: (reasons: string) => `connections closed unread: ${reasons}`,
  },

  openings: {
    titles: ['ID', 'ROUTE', 'FOR', 'BEGINS', 'ENDS', 'BY', 'DEVICES', 'UPGRADED', 'REASON'],
    none: 'nothing is open: plain HTTP is let in as the routes say',
    noneSo: (name: string) => `nothing is open by the name ${name}: \`otagate openings\` lists what is`,
    whom,
    opened: (id: string, route: string, from: readonly string[]) => `open: ${id} of route ${route}, for ${whom(from)}`,
    planned: (id: string, route: string, from: readonly string[]) =>
      `planned: ${id} of route ${route}, for ${whom(from)}`,
    lasts: (until: string, left: string) => `until ${until} (${left} left)`,
    since: (start: string, until: string, left: string) => `from ${start} until ${until} (${left} left)`,
    begins: (start: string, until: string, lasts: string) => `from ${start} until ${until} (${lasts})`,
    openedBy: (who: string) => `by ${who}`,
    devices: (came: number, upgraded: number) => `${count(came, 'device')} came, ${upgraded} upgraded`,
    early: (devices: number | null, idle: string | null) =>
      [
        devices === null ? '' : `when ${count(devices, 'device has', 'devices have')} upgraded`,
        idle === null ? '' : `when nobody came for ${idle}`,
      ]
        .filter((rule) => rule !== '')
        .join(', or '),
    closesEarly: (rules: string) => `closes earlier ${rules}`,
    reason: (reason: string) => `reason: ${reason}`,
    closeHint: (id: string) => `close it earlier with: otagate close ${id}`,
    closed: (id: string, route: string) => `closed: ${id} of route ${route}`,
    notWritten: (ids: string) =>
      `closed now, but not written, since the disk of stateDir takes nothing: ${ids}; until there is room, a restart of the gate may open it again: make room there, or make it writable`,
    openSince: 'open',
    left: (until: string, left: string) => `${until} (${left} left)`,
  },

  audit: {
    titles: ['TIME', 'WHAT', 'BY', 'DETAILS'],
    none: 'nothing has been done yet',
    more: (limit: number) => `the last ${limit}: --limit shows more`,
    what: {
      opened: 'opened',
      closed: 'closed',
      ended: 'ended by itself',
      used: 'first used',
      reload: 'reloaded',
      'reload-refused': 'reload refused',
      'certificates-renewed': 'certificates renewed',
      'token-rotated': 'tokens renewed',
      'logged-in': 'signed in',
      'firmware-added': 'firmware added',
      'firmware-purged': 'firmware removed',
      'firmware-pinned': 'firmware pinned',
      'firmware-unpinned': 'firmware unpinned',
      'rollout-made': 'rollout made',
      'rollout-held': 'rollout held',
      'rollout-offered': 'rollout goes on',
      'rollout-ended': 'rollout ended',
      'rollout-rolled-back': 'rolled back',
      'rollout-percent': 'rollout share changed',
    } satisfies Record<AuditWhat, string>,
  },

  certs: {
    none: 'no certificate is served: this gate listens on plain HTTP alone',
    facts: (key: string, issuer: string, days: number, due: string | null, length: number, bytes: number) =>
      `${key}, by ${issuer}; ${count(days, 'day')} left${due === null ? '' : `; renewed from ${due} on`}; chain of ${length}, ${bytes} bytes`,
    severity: { fault: 'fault', warning: 'warning', note: 'note' } satisfies Record<DeviceFinding['severity'], string>,
    finding: (severity: string, what: string, why: string, remedy: string) =>
      `${severity}: ${what}. Why: ${why}. Remedy: ${remedy}.`,
    failing: (name: string, keyType: string, failures: number, seconds: number | null, error: string) =>
      `${name} (${keyType}): ${count(failures, 'failure')}, next try in ${seconds ?? '?'} s: ${error}`,
    uncovered: (domain: string) =>
      `no certificate is for ${domain}: a device that asks by this name ends the handshake (-0x2700)`,
    renewed: (name: string) => `renewed: ${name}`,
    failed: (fault: string) => `failed: ${fault}`,
    nothingKept: 'nothing to renew: this gate gets no certificate by itself (set email, or tls.acme)',
    brokenOff: 'the gate broke off its answer; it may still renew: look with otagate certs list',
    otherKept: (names: string) => `nothing to renew: the certificates that this gate gets by itself are for ${names}`,
    noRoot: 'the local CA signs nothing here: tls.localCa is off, or nothing listens for https',
  },

  alerts: alertWords,
  otherVersion: (fault: string) =>
    `the answer of the gate cannot be shown (${fault}): where it is of another version than this command, restart it; --json prints the answer as it is`,

  backup: {
    made: (file: string, entries: number, bytes: number, images: number) =>
      `${file}: ${count(entries, 'file')}, ${(bytes / 1e6).toFixed(1)} MB, ${count(images, 'image')} among them. It holds private keys: show it to nobody`,
    leftOut: (file: string) =>
      `not in it, since it lies elsewhere, is not there, is too large, or is no file that can be read: ${file}`,
    notMade: (why: string) => `no backup was made: ${why}`,
    restored: (config: string, stateDir: string, made: string, version: string) =>
      `restored ${config} and ${stateDir} as they were on ${made} (otagate ${version})`,
    movedAside: (place: string) => `what was there before is now ${place}`,
    missing: (file: string) =>
      `the configuration names a file that the backup does not hold: put it back by hand: ${file}`,
    notRestored: (why: string) => `nothing was restored: ${why}`,
    mayRun: (stateDir: string, socket: string, reason: string) =>
      `whether a gate runs on ${stateDir} cannot be told, since ${socket} gives neither an answer nor a refusal (${reason}): stop the gate first, or look whether its process hangs and end it, then restore again`,
    noIdentity: (file: string) => `--identity-file ${file} holds no AGE-SECRET-KEY-1…: it is what age-keygen writes`,
    noPassphrase: (file: string, why: string) => `--passphrase-file ${file}: ${why}`,
  },

  firmware: {
    titles: ['SHA-256', 'KIND', 'FILE', 'MB', 'IMAGE', 'MARKS'],
    kinds: { app: 'app', merged: 'merged', assets: 'assets', other: 'other' } satisfies Record<ImageKind, string>,
    fetching: 'fetching',
    says: (project: string, version: string, chip: string) => `${project} ${version} for ${chip}`,
    pinned: 'pinned',
    current: 'current',
    unchecked: 'not looked at yet',
    empty: 'the store is empty: the first offer fills it, or `otagate firmware add FILE`',
    totals: (used: string, most: string, fetched: number, saved: number) =>
      `${used} of ${most} MB; since the start: ${fetched} fetched, ${saved} served without fetching`,
    unreadable: (file: string, reason: string) => `${file} cannot be read: ${reason}`,
    noFile: 'it is no file',
    unwritable: (file: string, reason: string) => `${file} cannot be written: ${reason}`,
    added: (image: string) => `added: ${image}`,
    purged: (image: string) => `purged: ${image}`,
    extracted: (image: string) => `extracted: ${image}`,
    written: (file: string) => `written to ${file}`,
    well: (what: string, detail: string) => `ok      ${what}: ${detail}`,
    failed: (what: string, detail: string) => `failed  ${what}: ${detail}`,
    nothing: 'there is nothing to do: the store knows no such link or image yet',
    mergedHint: (id: string) =>
      `no device can take a merged image over the air: \`otagate firmware extract ${id}\` cuts the app out`,
  },

  token: {
    rotated: 'both tokens are new; the old ones and every session of the dashboard have ended',
    admin: 'may do everything',
    read: 'may only look, and read /metrics',
  },
};

export type Words = typeof english;
