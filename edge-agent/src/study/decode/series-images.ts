import { err, ok, type Result } from '@collimator/shared/result';
import type { Problem } from './problem.ts';
import { mixedIdentity, withoutLocalizers } from './series-mixture.ts';
import type { SliceHeader } from './slice-header.ts';
import { assembleVolume, type Volume, type VolumeGeometry } from './volume.ts';

/**
 * The images of a series, in order: with `geometry` they are the slices of a volume; without it, images on their own
 * that do not say where they lie, such as radiographs, each with a size of its own.
 */
export type SeriesImages = Omit<Volume, 'geometry'> & { readonly geometry?: VolumeGeometry };

/**
 * Puts a series in order: as a volume where an image of it says where it lies, or where `volumeNeeded`; else each image
 * on its own, by Instance Number and, where that is the same or missing, in the order they are given in. A series of
 * which only some images say where they lie is refused as a volume is.
 */
export function arrangeSeries(given: readonly SliceHeader[], volumeNeeded: boolean): Result<SeriesImages, Problem> {
  if (volumeNeeded || given.some(({ geometry }) => geometry !== undefined)) return assembleVolume(given);
  if (given.length === 0) return err({ code: 'series-empty', detail: 'no images' });
  const identity = mixedIdentity(given);
  if (identity !== undefined) return err(identity);
  const kept = withoutLocalizers(given);
  if (kept.length === 0) return err({ code: 'series-localizers', detail: `${given.length} of ${given.length} images` });
  const at = (index: number): SliceHeader => given[index] as SliceHeader;
  const unusable = kept.find((index) => at(index).unusable !== undefined);
  if (unusable !== undefined) return err({ code: 'image-unsupported', detail: at(unusable).unusable ?? '' });
  const order = kept.toSorted((a, b) => byNumber(at(a), at(b)) || a - b);
  return ok({ slices: order.map(at), order, localizersLeftOut: given.length - kept.length });
}

function byNumber({ instanceNumber: a }: SliceHeader, { instanceNumber: b }: SliceHeader): number {
  if (a === b) return 0;
  if (a === undefined) return 1;
  return b === undefined ? -1 : a - b;
}

/** @throws RangeError for images that are no volume: a pipeline that needs one refuses them when it is planned */
export function volumeGeometryOf({ geometry }: Pick<SeriesImages, 'geometry'>): VolumeGeometry {
  if (geometry === undefined) throw new RangeError('the images are no volume');
  return geometry;
}
