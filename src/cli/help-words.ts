// Owns the English words of the help: what every command, argument and option is for.

export const helpWords = {
  about: 'The gate in front of a xiaozhi-esp32-server that makes over-the-air updates work.',
  exitCodes: 'Exit codes: 0 well; 1 the answer is no; 2 wrong use; 3 no gate is running.',
  headings: {
    usage: 'Usage:',
    arguments: 'Arguments:',
    options: 'Options:',
    commands: 'Commands:',
    examples: 'Examples:',
    command: 'COMMAND',
    anyOptions: '[options]',
  },
  /** Behind a description. */
  note: (text: string) => ` (${text})`,
  standard: (value: string) => `default: ${value}`,
  oneOf: (values: string) => `one of ${values}`,

  config: 'the configuration',
  json: 'one JSON document on stdout',
  version: 'print the version',
  showHelp: 'print this help',
  help: { summary: 'Print the help of a command.', command: 'the command' },

  serve: {
    summary: 'Run the gate.',
    about: 'Run the gate. SIGHUP reloads, SIGTERM drains and stops, a second one ends at once, SIGUSR1 reopens logs.',
  },
  reload: { summary: 'Read the configuration again, and say what changed, or every fault.' },
  check: {
    summary: 'Read the configuration and name every fault, with file, line and column.',
    print: 'print the long form',
    explain: 'say what would be decided about a request for this URL, and why',
    from: 'with --explain: the address that the request comes from',
    method: 'with --explain: the method',
  },
  import: {
    summary: 'Make a configuration from the files of an nginx.',
    about:
      'Make a configuration from the files of an nginx, with those that it includes. Every line that was not carried over stands in it as a comment, with its place and the reason.',
    file: 'nginx.conf, or the file of a site',
    output: 'where to write it; standard output without it. A file that is there is left alone',
  },
  status: {
    summary: 'Say how the running gate is: listeners, certificates, upstreams, openings, firmware, workers.',
  },

  open: {
    summary: 'Open plain HTTP on a device route for a time.',
    about:
      'Open plain HTTP on a device route for a time, to everyone or to some networks. It closes by itself, in every gate at once. An opening of the OTA check covers the firmware links that it hands out.',
    route: 'the OTA check or a firmware route',
    for: 'how long, for example 30m (24 h at most, unless limits.opening says more)',
    from: 'only for these networks or addresses (default: everyone)',
    reason: 'kept with the opening, and in the log',
    at: 'begin then, not now: RFC 3339 with a zone, such as 2026-12-01T08:00:00+08:00',
    afterDevices: 'close earlier, when so many devices have upgraded by it',
    whenIdle: 'close earlier, when nobody has used it for so long',
  },
  close: { summary: 'Close an opening, or all of a route, at once.', which: 'a route, or the id of an opening' },
  openings: {
    summary: 'List what is open, for whom, and for how long.',
    history: 'what was done to the gate, when and by whom; the newest comes last',
    limit: 'with --history: so many entries',
  },

  certs: {
    summary: 'Certificates: what is served, renewal, the local CA.',
    list: { summary: 'What is served: names, issuer, days left, chain, and what a device would say of it.' },
    renew: { summary: 'Renew now, whatever the date: all, or one name.', name: 'one of the domains' },
    root: { summary: "Print the local CA's root, for import." },
  },

  alerts: {
    summary: 'What needs somebody: the troubles that last, and the webhooks that are told of them.',
    list: { summary: 'The troubles that last, and how the webhooks do.' },
    test: { summary: 'Send a message to every webhook, now and once.' },
  },

  backup: {
    summary: 'Write configuration, certificates, state and firmware into one file.',
    about:
      'Write configuration, certificates, state and firmware into one file: a gzipped tar with a checksum of everything in it, mode 600. The gate may run meanwhile.',
    file: 'the file to write',
    passphraseFile: 'encrypt with the passphrase in this file, as age does',
    recipient: 'encrypt for this public key of age (age1…)',
    noFirmware: 'leave the images out: they can be fetched again',
  },
  restore: {
    summary: 'Put a backup in its place: all of it, or nothing.',
    about:
      'Put a backup in its place: the configuration where -c says, the state where the configuration says. A damaged backup is refused as a whole. The gate must not run.',
    file: 'the backup',
    passphraseFile: 'the passphrase that it was encrypted with',
    identityFile: 'the secret key of age that it was encrypted for',
    replace: 'move aside what is there already',
  },

  rollout: {
    summary: 'Who is offered what: hold, pin, roll back, and say why.',
    name: 'the name of a rollout',
    version: 'a version that the store has for the board',
    share: 'of the devices that fit',
    boards: 'only these boards',
    devices: 'only these devices',
    networks: 'only from these networks or addresses',
    runs: 'only where this runs',
    percentOf: 'only this share of the devices that fit, always the same ones',
    as: 'its name (default: one is made up)',
    asBoard: 'as if it were this board',
    asVersion: 'as if it ran this',
    asClient: 'as if it came from here',
    asOffered: 'as if the upstream offered this',
    list: { summary: 'The rollouts, in the order in which they are asked, and how they stand.' },
    hold: { summary: 'Hold a rollout, or offer nothing to the devices that fit.' },
    offer: { summary: 'Let a rollout go on, also where it has stopped; one that was made by command ends.' },
    pin: { summary: 'Send one version of the store, also an older one, to the devices that fit.' },
    rollback: { summary: 'Send the devices of a rollout back to the version that they came from.' },
    percent: { summary: 'Change the share of devices that a rollout is for.' },
    explain: { summary: 'Say what would become of the next check of a device, and why. Nothing is changed.' },
  },

  devices: {
    summary: 'List the devices, or tell what happened to one.',
    about: 'List the devices that have asked, or tell what happened to one. The newest of its history comes last.',
    device: 'its Device-Id: the MAC address',
    search: 'only those whose id, board or version holds this',
    board: 'only those of this board',
    version: 'only those that run this version',
    state: 'only those that stand so',
    limit: 'so many devices, or entries of a history',
  },

  firmware: {
    summary: 'The store of images that devices get.',
    id: 'the SHA-256 of an image, or how it begins (4 digits at least)',
    list: { summary: 'What is in the store, and what is being fetched.' },
    add: { summary: 'Put an image into the store. It is verified first.', file: 'the image' },
    fetch: {
      summary: 'Fetch an image from an upstream or from what firmware.allow lists.',
      url: 'where it is',
    },
    warm: { summary: 'Ask about every link that is known, and fetch what was replaced.' },
    verify: { summary: 'Read the bytes of one image, or of all, once more.' },
    extract: {
      summary: 'Cut the app out of a merged image, and add it to the store.',
      output: 'write the app there, too',
    },
    purge: { summary: 'Remove an image. A device that asks for it has it fetched again.' },
    pin: { summary: 'Keep an image, however long nobody asks for it.' },
    unpin: { summary: 'Let an image go when room is needed.' },
  },

  doctor: {
    summary: 'Play a device against the gate, and say in plain words what would fail.',
    about:
      'Play a device in its three generations against the running gate, by name and by LAN address, over https and http, and say in plain words what would fail, why, and what to do. It uses a MAC of its own, which is kept out of the history; links that work a few times only are not used up. With --url, against any other front, such as nginx; with --serial-log, read what a device printed.',
    host: 'only these of the gate’s names and addresses',
    url: 'an OTA address of any front, in place of the gate’s; may be repeated',
    download: 'fetch the firmware that is offered whole, as a device does: this uses up a one-time link',
    board: 'the board that is played: firmware is offered by it',
    resolve: 'where a name leads, in place of the DNS; may be repeated',
    ca: 'roots in PEM that your firmware carries, in place of ESP-IDF’s',
    serialLog: 'the log of the serial monitor; - reads standard input',
  },

  token: {
    summary: 'The tokens of the dashboard and of programs.',
    rotate: {
      summary: 'Make both tokens anew, and say in which files they are.',
      about:
        'Make both tokens anew: the one that may do everything, and the one that may only look. The old ones, and every session of the dashboard, end at once. Their files are named; what is in them is not printed.',
    },
  },

  completion: {
    summary: 'Print the completion of commands, options and routes for a shell.',
    shell: 'the shell',
    about:
      'Print the completion of commands, options and routes for a shell. It goes into ~/.bashrc, ~/.zshrc (behind compinit) or ~/.config/fish/completions/otagate.fish, as the examples show.',
  },
};

export type HelpWords = typeof helpWords;
