import type { Outline } from './outlines.ts';

/** Between rows and between columns. */
export type PixelSpacing = { readonly rows: number; readonly columns: number };

/** Both in mm: the longest distance of two points of an outline, and the longest chord of its hull at right angles. */
export type Diameters = { readonly longest_mm: number; readonly perpendicular_mm: number };

type Place = readonly [x: number, y: number];

/** The two diameters of the convex hull of an outline, in the plane of its image. An outline has three points or more. */
export function diametersOf(outline: Outline, spacing_mm: PixelSpacing): Diameters {
  const hull = convexHull(
    outline.map(({ row, column }): Place => [column * spacing_mm.columns, row * spacing_mm.rows]),
  );
  let longest = 0;
  let axis: Place = [1, 0];
  for (const a of hull)
    for (const b of hull) {
      const apart = Math.hypot(b[0] - a[0], b[1] - a[1]);
      if (apart > longest) {
        longest = apart;
        axis = [(b[0] - a[0]) / apart, (b[1] - a[1]) / apart];
      }
    }
  // Along the axis, the width of a convex figure is greatest at one of its corners.
  const perpendicular_mm = Math.max(...hull.map((corner) => widthAt(hull, axis, dot(corner, axis))));
  return { longest_mm: longest, perpendicular_mm };
}

const dot = (a: Place, b: Place): number => a[0] * b[0] + a[1] * b[1];

/** Length of the cut through a hull at right angles to an axis, `along` it. */
function widthAt(hull: readonly Place[], axis: Place, along: number): number {
  const across: Place = [-axis[1], axis[0]];
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const reach = (place: Place): void => {
    low = Math.min(low, dot(place, across));
    high = Math.max(high, dot(place, across));
  };
  for (const [i, a] of hull.entries()) {
    const b = hull[(i + 1) % hull.length] as Place;
    const [from, to] = [dot(a, axis) - along, dot(b, axis) - along];
    if (from === 0) reach(a);
    if (to === 0) reach(b);
    if (from * to >= 0) continue;
    const share = from / (from - to);
    reach([a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])]);
  }
  return high - low;
}

/** Andrew's monotone chain; corners only. */
function convexHull(places: readonly Place[]): readonly Place[] {
  const sorted = [...places].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const half = (from: readonly Place[]): Place[] => {
    const chain: Place[] = [];
    for (const place of from) {
      while (chain.length >= 2 && turn(chain.at(-2) as Place, chain.at(-1) as Place, place) <= 0) chain.pop();
      chain.push(place);
    }
    return chain.slice(0, -1);
  };
  return [...half(sorted), ...half(sorted.toReversed())];
}

const turn = (a: Place, b: Place, c: Place): number => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
