import type { Pixels } from './slice.ts';

/** What becomes of each stored value of 8 or 16 bits. */
export type ValueTable = {
  /**
   * Gives a function that looks up `count` of the pixels from `from` on, into `out` from its start; it gives columns
   * outside of which all that it looked up is 0.
   *
   * @param columns of a row; `from` and `count` are of whole rows
   */
  look(pixels: Pixels, out: Float32Array, columns: number): (from: number, count: number) => Span;
};

/** Columns from the first on, the second not included. */
export type Span = readonly [from: number, until: number];

export type TablePixels = Uint8Array | Int8Array | Uint16Array | Int16Array;

export const hasTable = (pixels: Pixels): pixels is TablePixels =>
  pixels instanceof Uint16Array ||
  pixels instanceof Int16Array ||
  pixels instanceof Uint8Array ||
  pixels instanceof Int8Array;

const [BITS_8, BITS_16] = [256, 65_536];

/**
 * @param kind pixels of the type that the table is for
 * @param becomes of a stored value; what it gives is rounded to float32
 */
export function makeValueTable(kind: TablePixels, becomes: (stored: number) => number): ValueTable {
  const size = kind.BYTES_PER_ELEMENT === 1 ? BITS_8 : BITS_16;
  const signed = kind instanceof Int8Array || kind instanceof Int16Array;
  const values = new Float32Array(size);
  for (let pattern = 0; pattern < size; pattern++)
    values[pattern] = becomes(signed && pattern >= size / 2 ? pattern - size : pattern);
  // As whole numbers: their bits go from the table to the image as they are.
  const patterns = new Int32Array(values.buffer);
  const mask = size - 1;
  return {
    look(pixels, out, columns) {
      const bits = new Int32Array(out.buffer, out.byteOffset, out.length);
      const whole: Span = [0, columns];
      if (size !== BITS_16 || pixels.byteOffset % 4 !== 0 || columns % SEGMENT !== 0 || columns > 0xffff)
        return (from, count) => {
          for (let i = 0; i < count; i++) bits[i] = patterns[(pixels[from + i] as number) & mask] as number;
          return whole;
        };
      // Two pixels at a time; the first is in the low half on every machine that Node runs on.
      const pairs = new Int32Array(pixels.buffer, pixels.byteOffset, pixels.length >> 1);
      return (from, count) => {
        let [low, high] = [columns, 0];
        for (let row = 0; row < count; row += columns) {
          const packed = lookRow(pairs, (from + row) >> 1, columns, patterns, bits, row);
          low = Math.min(low, packed & 0xffff);
          high = Math.max(high, packed >>> 16);
        }
        return low < high ? [low, high] : [0, 0];
      };
    },
  };
}

/** Pixels of a row that are looked up together, and found to be 0 or not together. */
const SEGMENT = 8;

/**
 * One row, `columns` from pair `from` on, to `at` of `bits`.
 *
 * @returns the columns outside of which it is 0, the first in the lower 16 bits and the end in the upper ones
 */
function lookRow(
  pairs: Int32Array,
  from: number,
  columns: number,
  patterns: Int32Array,
  bits: Int32Array,
  at: number,
): number {
  let low = columns;
  let high = 0;
  let p = from;
  for (let o = 0; o < columns; o += SEGMENT, p += SEGMENT / 2) {
    const one = pairs[p]!;
    const two = pairs[p + 1]!;
    const three = pairs[p + 2]!;
    const four = pairs[p + 3]!;
    const v0 = patterns[one & 0xffff]!;
    const v1 = patterns[one >>> 16]!;
    const v2 = patterns[two & 0xffff]!;
    const v3 = patterns[two >>> 16]!;
    const v4 = patterns[three & 0xffff]!;
    const v5 = patterns[three >>> 16]!;
    const v6 = patterns[four & 0xffff]!;
    const v7 = patterns[four >>> 16]!;
    const b = at + o;
    bits[b] = v0;
    bits[b + 1] = v1;
    bits[b + 2] = v2;
    bits[b + 3] = v3;
    bits[b + 4] = v4;
    bits[b + 5] = v5;
    bits[b + 6] = v6;
    bits[b + 7] = v7;
    if ((v0 | v1 | v2 | v3 | v4 | v5 | v6 | v7) === 0) continue;
    if (o < low) low = o;
    high = o + SEGMENT;
  }
  return low | (high << 16);
}
