// Owns the notion of now, so that whatever depends on the time can be given another one.

/** Milliseconds since the epoch. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();
