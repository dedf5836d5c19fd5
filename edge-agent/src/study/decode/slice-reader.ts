import type { SourceSlice } from '@collimator/shared/imaging/slice';
import { err, ok, type Result } from '@collimator/shared/result';
import { defaultImageBounds, type ImageBounds } from './image-bounds.ts';
import { openImageFile } from './image-file.ts';
import { readImageHead } from './image-head.ts';
import type { Part10 } from './part10.ts';
import { openFileSource } from './pixels/byte-source.ts';
import { createPixelCodecs } from './pixels/pixel-codecs.ts';
import { turnedOver } from './pixels/stored-values.ts';
import type { Problem } from './problem.ts';
import type { RawElement } from './raw-element.ts';
import { type SliceGeometry, type SliceHeader, sliceHeaderOf } from './slice-header.ts';
import { subjectElementsOf } from './subject-elements.ts';

/** One decoded image, ready for preprocessing. */
export type Slice = SourceSlice & {
  readonly header: SliceHeader;
  readonly geometry: SliceGeometry | undefined;
  /** Stored values; greater is brighter. */
  readonly pixels: SourceSlice['pixels'];
  readonly slope: number;
  readonly intercept: number;
};

export type SliceReader = {
  /** Header and pixels of a single-frame image. */
  readSlice(file: string): Promise<Result<Slice, Problem>>;
  /** The header alone; reads no pixels. */
  readHeader(file: string): Promise<Result<SliceHeader, Problem>>;
  /** What a result takes over from its source: see subject-elements.ts. Reads no pixels. */
  readSubject(file: string): Promise<Result<readonly RawElement[], Problem>>;
};

/** Reads images from Part 10 files. One per thread: the codecs in it decode one image at a time. */
export function createSliceReader(bounds: ImageBounds = defaultImageBounds): Promise<SliceReader> {
  const codecs = createPixelCodecs();
  return Promise.resolve({
    async readSlice(file) {
      const opened = await openImageFile(file, codecs, bounds);
      if (!opened.ok) return opened;
      const image = opened.value;
      try {
        if (image.frames !== 1) return unsupported(`${image.frames} frames in one image`);
        const header = sliceHeaderOf(image.part10);
        if (header.format.samplesPerPixel !== 1 || !header.format.photometric.startsWith('MONOCHROME'))
          return unsupported(`a colour image (${header.format.photometric})`);
        const frame = await image.frame(0);
        if (!frame.ok) return frame;
        const { rows, columns, samples, photometric, bitsStored, signed } = frame.value;
        const pixels = photometric === 'MONOCHROME1' ? turnedOver(samples, bitsStored, signed) : samples;
        const { geometry, slope, intercept } = header;
        return ok({ header, geometry, slope, intercept, rows, columns, pixels });
      } finally {
        await image.close();
      }
    },
    readHeader: (file) => fromHead(file, bounds, sliceHeaderOf),
    readSubject: (file) => fromHead(file, bounds, subjectElementsOf),
  });
}

const unsupported = (detail: string): Result<never, Problem> => err({ code: 'image-unsupported', detail });

async function fromHead<T>(file: string, bounds: ImageBounds, take: (head: Part10) => T): Promise<Result<T, Problem>> {
  const source = await openFileSource(file);
  if (!source.ok) return source;
  try {
    const head = await readImageHead(source.value, bounds);
    return head.ok ? ok(take(head.value)) : head;
  } finally {
    await source.value.close();
  }
}
