import { type Triple, triple } from './volume-grid.ts';

/** x, y, z in the patient's coordinates: to the left, to the back, to the head. */
type Direction = Triple;
/** For each axis that is asked for: which axis of the source it is, and whether it runs the other way. */
export type Orientation = Triple<{ readonly axis: 0 | 1 | 2; readonly flipped: boolean }>;

/** Along which of the patient's coordinates a letter leads, and which way. */
const letters: Readonly<Record<string, readonly [axis: 0 | 1 | 2, way: 1 | -1]>> = {
  L: [0, 1],
  R: [0, -1],
  P: [1, 1],
  A: [1, -1],
  S: [2, 1],
  I: [2, -1],
};

const orders: readonly Triple<0 | 1 | 2>[] = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

/**
 * The axes of a volume that come nearest to what is asked for: no axis is used twice, and together they deviate least.
 *
 * @param codes such as `RAS`: the first axis leads to the right, the second to the front, the third to the head
 * @param directions in which the axes of the source lead; any lengths
 */
export function orientationTo(codes: string, directions: Triple<Direction>): Orientation {
  const wanted = triple((axis) => letters[codes[axis] ?? ''] ?? ([axis, 1] as const));
  const along = (source: 0 | 1 | 2, axis: 0 | 1 | 2): number => {
    const direction = directions[source];
    return (direction[wanted[axis][0]] * wanted[axis][1]) / Math.hypot(...direction);
  };
  let best: Triple<0 | 1 | 2> = [0, 1, 2];
  let most = -1;
  for (const order of orders) {
    const sum = Math.abs(along(order[0], 0)) + Math.abs(along(order[1], 1)) + Math.abs(along(order[2], 2));
    // A hair's breadth: of two orders that are as good, rounding must not decide.
    if (sum > most + 1e-9) [best, most] = [order, sum];
  }
  return triple((axis) => ({ axis: best[axis], flipped: along(best[axis], axis) < 0 }));
}
