import type { SliceMask } from './slice-parts.ts';

/** A point of an image in pixels: the corner of the first pixel is 0, 0 and its centre 0.5, 0.5 (PS3.3 §C.10.5.1.2). */
export type Point = { readonly column: number; readonly row: number };

/** A closed line; its last point is joined to its first, which is not repeated. */
export type Outline = readonly Point[];

/** Right, down, left, up. */
const steps = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const;

/**
 * The lines between what is set and what is not, along the sides of the pixels: the marching squares of a mask that
 * has no values between 0 and 1. Outer lines go clockwise as the image is seen, those around holes counterclockwise,
 * so the signed areas add up to the number of pixels. Where two pixels touch by a corner only, they are parted.
 */
export function outlinesOf({ pixels, rows, columns }: SliceMask): readonly Outline[] {
  const width = columns + 1;
  const set = (row: number, column: number): boolean =>
    row >= 0 && column >= 0 && row < rows && column < columns && pixels[row * columns + column] !== 0;
  /** Bit d of a corner: a side leaves it in direction d. */
  const leaving = new Uint8Array((rows + 1) * width);
  const leave = (row: number, column: number, direction: number): void => {
    leaving[row * width + column] = (leaving[row * width + column] as number) | (1 << direction);
  };
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      if (!set(row, column)) continue;
      if (!set(row - 1, column)) leave(row, column, 0);
      if (!set(row, column + 1)) leave(row, column + 1, 1);
      if (!set(row + 1, column)) leave(row + 1, column + 1, 2);
      if (!set(row, column - 1)) leave(row + 1, column, 3);
    }
  const outlines: Outline[] = [];
  for (let corner = 0; corner < leaving.length; corner++)
    while (leaving[corner] !== 0) outlines.push(follow(leaving, corner, width));
  return outlines;
}

/** Follows the sides from a corner until it is reached again, and takes them away. */
function follow(leaving: Uint8Array, start: number, width: number): Outline {
  const corners: Point[] = [];
  let at = start;
  let direction = -1;
  do {
    const out = leaving[at] as number;
    // At a corner where two parts touch, the turn to the right stays with the same part.
    const order = direction < 0 ? [0, 1, 2, 3] : [direction + 1, direction, direction + 3, direction + 2];
    const next = order.map((d) => d % 4).find((d) => (out & (1 << d)) !== 0) as number;
    if (next !== direction) corners.push({ column: at % width, row: Math.floor(at / width) });
    leaving[at] = out & ~(1 << next);
    direction = next;
    const [across, down] = steps[next] as (typeof steps)[number];
    at += down * width + across;
  } while (at !== start || closesElsewhere(leaving, at, direction));
  return straightened(corners);
}

/** Whether a line that comes to its first corner goes on there: it was begun at a corner where it touches itself. */
const closesElsewhere = (leaving: Uint8Array, corner: number, direction: number): boolean =>
  ((leaving[corner] as number) & (1 << ((direction + 1) % 4))) !== 0;

/** The first corner may lie inside a straight line. */
function straightened(corners: readonly Point[]): Outline {
  const [first, second] = corners;
  const last = corners.at(-1);
  if (first === undefined || second === undefined || last === undefined) return corners;
  const inLine =
    (last.row === first.row && first.row === second.row) ||
    (last.column === first.column && first.column === second.column);
  return inLine ? corners.slice(1) : corners;
}

/** Area in pixels; negative for a line around a hole. */
export function signedArea(outline: Outline): number {
  let twice = 0;
  for (const [i, point] of outline.entries()) {
    const next = outline[(i + 1) % outline.length] as Point;
    twice += point.column * next.row - next.column * point.row;
  }
  return twice / 2;
}

/** At most so many of the points of a line, evenly taken: what a DICOM element can hold is bounded. */
export function thinned(outline: Outline, pointsMax: number): Outline {
  if (outline.length <= pointsMax) return outline;
  return Array.from({ length: pointsMax }, (_, i) => outline[Math.floor((i * outline.length) / pointsMax)] as Point);
}
