import { open } from 'node:fs/promises';
import type { SourceSlice } from '@collimator/shared/imaging/slice';
import { err, ok, type Result } from '@collimator/shared/result';
import { createJpegLsCodec } from './jpeg-ls-codec.ts';
import { type Part10, type Part10Problem, parsePart10, PIXEL_DATA } from './part10.ts';
import { decodePixels } from './pixels.ts';
import type { Problem } from './problem.ts';
import type { RawElement } from './raw-element.ts';
import { type SliceGeometry, type SliceHeader, sliceHeaderOf } from './slice-header.ts';
import type { StoredPixels } from './stored-values.ts';
import { subjectElementsOf } from './subject-elements.ts';

/** One decoded image, ready for preprocessing. */
export type Slice = SourceSlice & {
  readonly header: SliceHeader;
  readonly geometry: SliceGeometry | undefined;
  readonly pixels: StoredPixels;
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

export type SliceReaderBounds = {
  /** A single-frame image is far smaller; what is larger is refused, not loaded. */
  readonly fileBytesMax: number;
  /** First piece of a file that is read for its header; doubled until the header is whole. */
  readonly headBytesFirst: number;
};

export const defaultSliceReaderBounds: SliceReaderBounds = { fileBytesMax: 268_435_456, headBytesFirst: 65_536 };

/** Reads images from Part 10 files. One per thread: the JPEG-LS codec in it is started once. */
export async function createSliceReader(bounds = defaultSliceReaderBounds): Promise<SliceReader> {
  const jpegLs = await createJpegLsCodec();
  return {
    async readSlice(file) {
      const parsed = await load(file, bounds, 'whole');
      if (!parsed.ok) return parsed;
      const header = sliceHeaderOf(parsed.value);
      const pixels = decodePixels(parsed.value, header.format, jpegLs);
      if (!pixels.ok) return pixels;
      const { geometry, slope, intercept, format } = header;
      const { rows, columns } = format;
      return ok({ header, geometry, slope, intercept, rows, columns, pixels: pixels.value });
    },
    async readHeader(file) {
      const parsed = await load(file, bounds, 'head');
      return parsed.ok ? ok(sliceHeaderOf(parsed.value)) : parsed;
    },
    async readSubject(file) {
      const parsed = await load(file, bounds, 'head');
      return parsed.ok ? ok(subjectElementsOf(parsed.value)) : parsed;
    },
  };
}

async function load(file: string, bounds: SliceReaderBounds, part: 'head' | 'whole'): Promise<Result<Part10, Problem>> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => error);
  if (handle instanceof Error)
    return err({ code: 'image-unreadable', detail: `the file cannot be opened: ${handle.code}` });
  try {
    const { size } = await handle.stat();
    if (size === 0) return err({ code: 'image-unreadable', detail: 'the file is empty' });
    const limit = Math.min(size, bounds.fileBytesMax);
    if (part === 'whole' && size > limit)
      return err({ code: 'image-unsupported', detail: `${size} bytes are more than the ${limit} allowed` });
    for (
      let length = part === 'whole' ? limit : Math.min(bounds.headBytesFirst, limit);
      ;
      length = Math.min(2 * length, limit)
    ) {
      const bytes = new Uint8Array(length);
      const { bytesRead } = await handle.read(bytes, 0, length, 0);
      const parsed = parsePart10(bytes.subarray(0, bytesRead), part === 'head' ? PIXEL_DATA : undefined);
      if (length >= limit || !isCutShort(parsed)) return parsed.ok ? parsed : err(withoutFlag(parsed.error));
    }
  } finally {
    await handle.close();
  }
}

const withoutFlag = ({ code, detail }: Part10Problem): Problem => ({ code, detail });

/** A prefix may end between two elements, so only the pixel data shows that the header is whole. */
const isCutShort = (parsed: Result<Part10, Part10Problem>): boolean =>
  parsed.ok ? parsed.value.dataSet.elements[PIXEL_DATA] === undefined : parsed.error.truncated;
