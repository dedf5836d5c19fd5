import type { PaddingRange } from '@collimator/shared/imaging/slice';
import type { SliceHeader } from './slice-header.ts';

/** The padding of a slice as it stands among values whose MONOCHROME1 was turned over (pixels/stored-values.ts). */
export function turnedPadding({ padding, format }: Pick<SliceHeader, 'padding' | 'format'>): PaddingRange | undefined {
  if (padding === undefined || format.photometric !== 'MONOCHROME1') return padding;
  // What a value and its inverse add up to: the lowest and the greatest stored value.
  const ends = format.signed ? -1 : 2 ** format.bitsStored - 1;
  return { low: ends - padding.high, high: ends - padding.low };
}
