import type { SourceSlice } from '@collimator/shared/imaging/slice';
import type { SeriesImages } from '../../../decode/series-images.ts';
import type { VolumeGeometry } from '../../../decode/volume.ts';

/** From the first on, the second not included. */
export type Span = readonly [from: number, to: number];

/**
 * What of a series a stage works on: these slices, in their order, and of each the same part, as far as it goes: images
 * that are no volume may have sizes of their own.
 */
export type Given = { readonly slices: readonly number[]; readonly rows: Span; readonly columns: Span };

export const wholeVolume = ({ slices, rows, columns }: VolumeGeometry): Given => ({
  slices: Array.from({ length: slices }, (_, i) => i),
  rows: [0, rows],
  columns: [0, columns],
});

/** Every image of a series as large as it is. */
export function wholeSeries({ geometry, slices }: Pick<SeriesImages, 'geometry' | 'slices'>): Given {
  if (geometry !== undefined) return wholeVolume(geometry);
  const most = (side: 'rows' | 'columns'): number =>
    slices.reduce((largest, { format }) => Math.max(largest, format[side]), 0);
  return { slices: slices.map((_, i) => i), rows: [0, most('rows')], columns: [0, most('columns')] };
}

/** What of the part is on an image. */
export const partOn = (
  { rows, columns }: Pick<Given, 'rows' | 'columns'>,
  image: { readonly rows: number; readonly columns: number },
): Pick<Given, 'rows' | 'columns'> => ({
  rows: [rows[0], Math.min(rows[1], image.rows)],
  columns: [columns[0], Math.min(columns[1], image.columns)],
});

/** The slices that are given without those between that are not; a volume has none missing. */
export const contiguous = ({ slices, rows, columns }: Given): Given => {
  const [first, last] = [slices[0] ?? 0, slices.at(-1) ?? -1];
  return { slices: Array.from({ length: last - first + 1 }, (_, i) => first + i), rows, columns };
};

export const sizeOf = ({ rows, columns }: Pick<Given, 'rows' | 'columns'>) => ({
  rows: rows[1] - rows[0],
  columns: columns[1] - columns[0],
});

/** The part of a slice that is given; the slice itself where that is all of it. */
export function cropped(slice: SourceSlice, { rows, columns }: Pick<Given, 'rows' | 'columns'>): SourceSlice {
  const size = sizeOf(partOn({ rows, columns }, slice));
  if (size.rows === slice.rows && size.columns === slice.columns) return slice;
  const pixels = slice.pixels.slice(0, size.rows * size.columns);
  for (let r = 0; r < size.rows; r++) {
    const from = (rows[0] + r) * slice.columns + columns[0];
    pixels.set(slice.pixels.subarray(from, from + size.columns), r * size.columns);
  }
  return { ...slice, ...size, pixels };
}

/** Lays the mask of the given part of a slice into the whole slice. */
export function layInto(
  part: Uint8Array | Float32Array,
  { rows, columns }: Pick<Given, 'rows' | 'columns'>,
  whole: Uint8Array | Float32Array,
  wholeColumns: number,
): void {
  const size = sizeOf({ rows, columns });
  for (let r = 0; r < size.rows; r++)
    whole.set(part.subarray(r * size.columns, (r + 1) * size.columns), (rows[0] + r) * wholeColumns + columns[0]);
}
