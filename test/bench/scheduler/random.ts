/** Numbers from 0 up to, not including, 1: the same for the same seed. */
export type Random = () => number;

/** Sebastiano Vigna's splitmix in 32 bits: small, and good enough for what is drawn here. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    return mixed(state) / 2 ** 32;
  };
}

/** A number that belongs to what it is of, whoever asks and when: noise that is the same under every discipline. */
export function drawnFor(seed: number, ...of: readonly number[]): number {
  let state = mixed(seed >>> 0);
  for (const one of of) state = mixed((state ^ Math.imul(one + 1, 0x85ebca6b)) >>> 0);
  return state / 2 ** 32;
}

/** Time to the next of events that come by themselves, `rate` of them in a unit of time. */
export const exponential = (random: Random, rate: number): number => -Math.log(1 - random()) / rate;

function mixed(value: number): number {
  let z = value;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}
