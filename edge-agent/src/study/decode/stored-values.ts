import type { PixelFormat } from './slice-header.ts';

/** Values of a single-channel image of 8 or 16 bits. */
export type StoredPixels = Uint8Array | Int8Array | Uint16Array | Int16Array;

/**
 * Pixel cells as numbers (PS3.5 §8.1.1): bits beside the stored ones are dropped (old overlays lie there), signed
 * values are extended. MONOCHROME1 is turned over within the range of the stored bits, so that greater is always
 * brighter (PS3.3 §C.7.6.3.1.2).
 *
 * @param cells little endian pixel cells, `bitsAllocated` each; rows × columns of them
 */
export function storedValues(cells: Uint8Array, format: PixelFormat): StoredPixels {
  const count = format.rows * format.columns;
  const wide = format.bitsAllocated === 16;
  if (cells.length < (wide ? 2 : 1) * count) throw new RangeError(`${cells.length} bytes hold no ${count} pixels`);
  const { signed, bitsStored } = format;
  const out = wide
    ? signed
      ? new Int16Array(count)
      : new Uint16Array(count)
    : signed
      ? new Int8Array(count)
      : new Uint8Array(count);
  const shift = format.highBit + 1 - bitsStored;
  const mask = 2 ** bitsStored - 1;
  const unused = 32 - bitsStored;
  const inverted = format.photometric === 'MONOCHROME1';
  for (let i = 0; i < count; i++) {
    const cell = wide ? (cells[2 * i] as number) | ((cells[2 * i + 1] as number) << 8) : (cells[i] as number);
    const bits = (cell >> shift) & mask;
    // The ones' complement turns both ranges over: 0…2ⁿ-1 and -2ⁿ⁻¹…2ⁿ⁻¹-1.
    const value = inverted ? ~bits & mask : bits;
    out[i] = signed ? (value << unused) >> unused : value;
  }
  return out;
}
