// Owns the exit codes that people script against.
export const EXIT = { well: 0, no: 1, usage: 2, notRunning: 3 } as const;
