// Owns the English words of rollouts.

export const rolloutWords = {
  titles: ['NAME', 'ACTION', 'FOR', 'SHARE', 'WAVE', 'STANDS'],
  none: 'there are no rollouts: devices get what the upstream offers',
  actions: { offer: 'offer', hold: 'hold', pin: 'pin', via: 'via' },
  everyone: 'all devices',
  boards: (names: string) => `board ${names}`,
  versions: (names: string) => `that run ${names}`,
  networks: (names: string) => `from ${names}`,
  devices: (count: number) => (count === 1 ? '1 device' : `${count} devices`),
  percent: (percent: number) => `${percent} %`,
  wave: (wave: number, size: string, next: string) => `${wave} of ${size}, next ${next}`,
  members: (members: number) => `${members} in it`,
  held: 'held',
  back: (targets: string) => `rolled back: ${targets}`,
  stopped: (board: string, version: string, why: string) => `stopped for ${board} with ${version}: ${why}`,
  runs: 'runs',
  declared: 'from the configuration',
  made: 'by command',
  ended: (name: string) => `ended: ${name}`,
  nobody: (device: string) => `${device} was never seen here: --board, --version and --offered say what it would be`,
  asks: (device: string, board: string, version: string, offered: string) =>
    `${device}: board ${board}, runs ${version}, the upstream offers ${offered}`,
  nothing: 'nothing',
  unknown: 'unknown',
  outcome: {
    pass: 'gets what the upstream offers',
    hold: 'is offered nothing',
    send: 'is sent an image of the store',
    admit: 'gets it where the wave has room',
  },
};

export type RolloutWords = typeof rolloutWords;
