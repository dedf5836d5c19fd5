/** A seeded source of random numbers; the same seed gives the same numbers on every machine. */
export type Random = {
  /** Uniform in [0, 1), 32 bits of it. */
  next(): number;
  /** Standard normal. */
  normal(): number;
  /** Uniform whole number in [0, end). */
  below(end: number): number;
  /** A shuffled copy. */
  shuffled<T>(values: readonly T[]): T[];
  /** An independent stream that depends on the seed and the label only, not on how many numbers were drawn here. */
  stream(label: string): Random;
};

const mix = (h: number): number => {
  let x = h >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
};

/** xoshiro128** (Blackman and Vigna, 2018), its state filled by a mix of the seed and the stream's label. */
export function makeRandom(seed: number, label = ''): Random {
  let hash = mix(seed ^ 0x9e3779b9);
  for (const character of label) hash = mix(hash ^ (character.codePointAt(0) as number));
  let [a, b, c, d] = [1, 2, 3, 4].map((i) => mix(hash + Math.imul(i, 0x9e3779b9))) as [number, number, number, number];
  if ((a | b | c | d) === 0) d = 1;
  const bits = (): number => {
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const next = (): number => bits() / 0x1_0000_0000;
  const below = (end: number): number => Math.floor(next() * end);
  return {
    next,
    below,
    // Box–Muller; 1 - next() keeps the logarithm's argument above 0.
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    shuffled(values) {
      const out = [...values];
      for (let i = out.length - 1; i > 0; i--) {
        const j = below(i + 1);
        [out[i], out[j]] = [out[j] as (typeof out)[number], out[i] as (typeof out)[number]];
      }
      return out;
    },
    stream: (name) => makeRandom(seed, `${label}/${name}`),
  };
}
