import type { SourceSlice } from '@collimator/shared/imaging/slice';
import { err, ok, type Result } from '@collimator/shared/result';
import { sliceHeadersOf } from './frame-headers.ts';
import { defaultImageBounds, type ImageBounds } from './image-bounds.ts';
import { openImageFile } from './image-file.ts';
import { readImageHead } from './image-head.ts';
import type { Part10 } from './part10.ts';
import { openFileSource, type OpenSource } from './pixels/byte-source.ts';
import { createPixelCodecs } from './pixels/pixel-codecs.ts';
import { turnedOver } from './pixels/stored-values.ts';
import type { Problem } from './problem.ts';
import type { RawElement } from './raw-element.ts';
import type { SliceGeometry, SliceHeader } from './slice-header.ts';
import { subjectElementsOf } from './subject-elements.ts';
import { turnedPadding } from './turned-padding.ts';

/** One decoded slice, ready for preprocessing. */
export type Slice = SourceSlice & {
  readonly header: SliceHeader;
  readonly geometry: SliceGeometry | undefined;
  /** Stored values; greater is brighter. */
  readonly pixels: SourceSlice['pixels'];
  readonly slope: number;
  readonly intercept: number;
};

/** The slices of one file, decoded one by one. */
export type SliceFile = {
  readonly headers: readonly SliceHeader[];
  /** Counts from 0. */
  slice(index: number): Promise<Result<Slice, Problem>>;
  close(): Promise<void>;
};

export type SliceReader = {
  /** To be closed when it was opened. */
  openSlices(file: string): Promise<Result<SliceFile, Problem>>;
  /** Header and pixels of one frame; `index` counts from 0. */
  readSlice(file: string, index?: number): Promise<Result<Slice, Problem>>;
  /** The header of each frame; reads no pixels. */
  readHeaders(file: string): Promise<Result<readonly SliceHeader[], Problem>>;
  /** What a result takes over from its source: see subject-elements.ts. Reads no pixels. */
  readSubject(file: string): Promise<Result<readonly RawElement[], Problem>>;
};

/**
 * Reads images from Part 10 files. One per thread: the codecs in it decode one image at a time.
 *
 * @param openSource `openBlockingSource` in a thread that does nothing else
 */
export function createSliceReader(
  bounds: ImageBounds = defaultImageBounds,
  openSource: OpenSource = openFileSource,
): Promise<SliceReader> {
  const codecs = createPixelCodecs();

  async function openSlices(file: string): Promise<Result<SliceFile, Problem>> {
    const opened = await openImageFile(file, codecs, bounds, openSource);
    if (!opened.ok) return opened;
    const image = opened.value;
    const headers = sliceHeadersOf(image.part10);
    if (!headers.ok) {
      await image.close();
      return headers;
    }
    return ok({
      headers: headers.value,
      close: () => image.close(),
      async slice(index) {
        const header = headers.value[index];
        if (header === undefined) throw new RangeError(`frame ${index + 1} of ${headers.value.length}`);
        if (header.unusable !== undefined) return err({ code: 'image-unsupported', detail: header.unusable });
        const frame = await image.frame(index);
        if (!frame.ok) return frame;
        const { rows, columns, samples, photometric, bitsStored, signed } = frame.value;
        const pixels = photometric === 'MONOCHROME1' ? turnedOver(samples, bitsStored, signed) : samples;
        const { geometry, slope, intercept } = header;
        const padding = turnedPadding(header);
        return ok({ header, geometry, slope, intercept, rows, columns, pixels, ...(padding && { padding }) });
      },
    });
  }

  return Promise.resolve({
    openSlices,
    async readSlice(file, index = 0) {
      const opened = await openSlices(file);
      if (!opened.ok) return opened;
      try {
        return await opened.value.slice(index);
      } finally {
        await opened.value.close();
      }
    },
    readHeaders: (file) => fromHead(file, bounds, openSource, sliceHeadersOf),
    readSubject: (file) => fromHead(file, bounds, openSource, (head) => ok(subjectElementsOf(head))),
  });
}

async function fromHead<T>(
  file: string,
  bounds: ImageBounds,
  openSource: OpenSource,
  take: (head: Part10) => Result<T, Problem>,
): Promise<Result<T, Problem>> {
  const source = await openSource(file);
  if (!source.ok) return source;
  try {
    const head = await readImageHead(source.value, bounds);
    return head.ok ? take(head.value) : head;
  } finally {
    await source.value.close();
  }
}
