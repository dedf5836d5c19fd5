import type { Pixels } from '@collimator/shared/imaging/slice';
import type { PixelFormat } from '../pixel-format.ts';

/** The part of a format that says what bits of a cell are the value. */
export type CellFormat = Pick<PixelFormat, 'bitsAllocated' | 'bitsStored' | 'highBit' | 'signed' | 'sampleKind'>;

/**
 * Pixel cells as numbers (PS3.5 §8.1.1): bits beside the stored ones are dropped (old overlays lie there), signed
 * values are extended. Takes the memory over where it holds just these values, so that it can go to another thread.
 *
 * @param cells pixel cells, `bitsAllocated` each, little endian as every machine that Node runs on; single bits with the
 *   first in the lowest bit of a byte
 */
export function storedValues(cells: Uint8Array, format: CellFormat, count: number): Pixels {
  const { bitsAllocated, sampleKind } = format;
  if (cells.length < Math.ceil((count * bitsAllocated) / 8))
    throw new RangeError(`${cells.length} bytes hold no ${count} pixels`);
  if (bitsAllocated === 1)
    return Uint8Array.from({ length: count }, (_, i) => ((cells[i >> 3] as number) >> (i & 7)) & 1);
  const size = bitsAllocated / 8;
  const alone = cells.byteLength === cells.buffer.byteLength && cells.byteLength === count * size;
  const own = alone ? cells : new Uint8Array(cells.subarray(0, count * size));
  const Cells = { integer: integers(bitsAllocated, format.signed), float: Float32Array, double: Float64Array }[
    sampleKind
  ];
  const values = new Cells(own.buffer as ArrayBuffer, 0, count);
  return sampleKind !== 'integer' || format.bitsStored === bitsAllocated ? values : trimmed(values, format);
}

function integers(bits: number, signed: boolean) {
  if (bits === 8) return signed ? Int8Array : Uint8Array;
  if (bits === 16) return signed ? Int16Array : Uint16Array;
  return signed ? Int32Array : Uint32Array;
}

/**
 * Cells whose value is the stored bits alone; in a copy where something is beside them, so that what was handed in stays
 * what it is.
 */
function trimmed(cells: Pixels, { bitsStored, highBit, signed }: CellFormat): Pixels {
  // To the top of 32 bits and back: what is above falls off, the sign is extended or zeros come in.
  const up = 31 - highBit;
  const down = 32 - bitsStored;
  if (isTrimmed(cells, up, down, signed)) return cells;
  const out = cells.slice();
  if (signed) for (let i = 0; i < out.length; i++) out[i] = ((out[i] as number) << up) >> down;
  else for (let i = 0; i < out.length; i++) out[i] = ((out[i] as number) << up) >>> down;
  return out;
}

/** Nearly always they are: a pass without a copy is cheaper. Compared as 32 bits, whatever the sign. */
function isTrimmed(cells: Pixels, up: number, down: number, signed: boolean): boolean {
  let beside = 0;
  if (signed) {
    for (let i = 0; i < cells.length; i++) beside |= (cells[i] as number) ^ (((cells[i] as number) << up) >> down);
    return beside === 0;
  }
  // Which bits of an unsigned cell are dropped does not depend on the others, so all cells are looked at together.
  const all = orOf(cells);
  return all === (all << up) >>> down;
}

/** All unsigned cells, bit for bit or-ed; two of 16 bits at a time where they lie so. */
function orOf(cells: Pixels): number {
  let all = 0;
  if (!(cells instanceof Uint16Array) || cells.byteOffset % 4 !== 0 || cells.length % 2 !== 0) {
    for (let i = 0; i < cells.length; i++) all |= cells[i] as number;
    return all >>> 0;
  }
  const pairs = new Int32Array(cells.buffer, cells.byteOffset, cells.length / 2);
  for (let i = 0; i < pairs.length; i++) all |= pairs[i] as number;
  return (all & 0xffff) | (all >>> 16);
}

/**
 * MONOCHROME1 turned over within the range of the stored bits, so that greater is always brighter
 * (PS3.3 §C.7.6.3.1.2); floats within none, so their sign is turned.
 */
export function turnedOver(values: Pixels, bitsStored: number, signed: boolean): Pixels {
  if (values instanceof Float32Array || values instanceof Float64Array) return values.map((value) => -value);
  // 0…2ⁿ-1 and -2ⁿ⁻¹…2ⁿ⁻¹-1.
  const ends = signed ? -1 : 2 ** bitsStored - 1;
  const out = values.slice();
  for (let i = 0; i < out.length; i++) out[i] = ends - (out[i] as number);
  return out;
}
