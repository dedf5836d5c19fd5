/** For each output position: the first input position and the weights of it and its followers (sum 1). */
export type Taps = {
  readonly outputs: number;
  readonly first: Int32Array;
  readonly counts: Int32Array;
  readonly weights: Float64Array;
  readonly width: number;
  /** The same with as many weights for every output, those that are too many 0, for loops without a count. */
  readonly even?: { readonly width: 5; readonly first: Int32Array; readonly weights: Float64Array };
};

const EVEN_WIDTH = 5;

/** A triangle filter with half-pixel centres; `support` 1 is linear interpolation. */
export function filterTaps(input: number, output: number, support: number): Taps {
  const width = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(output);
  const counts = new Int32Array(output);
  const weights = new Float64Array(output * width);
  for (let o = 0; o < output; o++) {
    const centre = (o + 0.5) * (input / output);
    const from = Math.max(0, Math.floor(centre - support + 0.5));
    const until = Math.min(input, Math.floor(centre + support + 0.5));
    let sum = 0;
    for (let i = from; i < until; i++) {
      const weight = Math.max(0, 1 - Math.abs(i + 0.5 - centre) / support);
      weights[o * width + i - from] = weight;
      sum += weight;
    }
    for (let t = 0; t < until - from; t++) weights[o * width + t] = (weights[o * width + t] as number) / sum;
    first[o] = from;
    counts[o] = until - from;
  }
  return { outputs: output, first, counts, weights, width, ...evenOf(input, output, first, counts, weights, width) };
}

/** The input whose area holds the output's centre. */
export function nearestTaps(input: number, output: number): Taps {
  const first = Int32Array.from({ length: output }, (_, o) =>
    Math.min(input - 1, Math.floor(((2 * o + 1) * input) / (2 * output))),
  );
  return pointTaps(first);
}

const pointTaps = (first: Int32Array): Taps => ({
  ...{ outputs: first.length, first, counts: new Int32Array(first.length).fill(1) },
  ...{ weights: new Float64Array(first.length).fill(1), width: 1 },
});

/**
 * Values at any places between the inputs; beyond the first and the last input there is the first and the last.
 *
 * @param places in inputs, one for each output
 */
export function placeTaps(input: number, places: Float64Array, interpolation: 'linear' | 'nearest'): Taps {
  const limited = places.map((place) => Math.min(input - 1, Math.max(0, place)));
  if (interpolation === 'nearest') return pointTaps(Int32Array.from(limited, halfToEven));
  const first = Int32Array.from(limited, (place) => Math.min(Math.floor(place), Math.max(0, input - 2)));
  const width = 2;
  const weights = new Float64Array(places.length * width);
  for (const [o, place] of limited.entries()) {
    const share = place - (first[o] as number);
    weights[o * width] = 1 - share;
    weights[o * width + 1] = share;
  }
  return {
    outputs: places.length,
    first,
    counts: new Int32Array(places.length).fill(Math.min(2, input)),
    weights,
    width,
  };
}

/** The nearest whole number; of two as near, the even one. */
export function halfToEven(value: number): number {
  const below = Math.floor(value);
  const over = value - below;
  if (over !== 0.5) return over < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

function evenOf(
  input: number,
  output: number,
  first: Int32Array,
  counts: Int32Array,
  weights: Float64Array,
  width: number,
): Pick<Taps, 'even'> {
  const most = Math.max(...counts);
  if (input < EVEN_WIDTH || most > EVEN_WIDTH || most < EVEN_WIDTH - 1) return {};
  const starts = first.map((from) => Math.min(from, input - EVEN_WIDTH));
  const even = new Float64Array(output * EVEN_WIDTH);
  for (let o = 0; o < output; o++)
    for (let t = 0; t < (counts[o] as number); t++)
      even[o * EVEN_WIDTH + (first[o] as number) - (starts[o] as number) + t] = weights[o * width + t] as number;
  return { even: { width: EVEN_WIDTH, first: starts, weights: even } };
}
