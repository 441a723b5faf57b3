// Owns random moments that come again with the same seed.

/** Numbers from 0 to below 1: a linear congruential generator (the constants of Numerical Recipes), enough for moments. */
export function seededRandom(seed: number): () => number {
  let state = Math.trunc(seed) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
