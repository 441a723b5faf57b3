// Owns the notion of now, so that whatever depends on the time can be given another one.

/** Milliseconds since the epoch. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

/** Milliseconds since the machine began, the same in all of its processes, whatever is done to its clock. */
export const machineClock: Clock = () => Number(process.hrtime.bigint()) / 1e6;
