import { err, ok, type Result } from '@collimator/shared/result';
import type { ImageBounds } from './image-bounds.ts';
import { type Part10, type Part10Problem, parsePart10 } from './part10.ts';
import { pixelElements } from './pixel-format.ts';
import type { ByteSource } from './pixels/byte-source.ts';
import type { Problem } from './problem.ts';

/**
 * Reads a Part 10 file up to its pixel data, whichever element holds it, and the pixel element's own head. A file
 * without pixels is read to its end. Of a deflated file, `bytes` is the beginning of what it inflates to.
 */
export async function readImageHead(source: ByteSource, bounds: ImageBounds): Promise<Result<Part10, Problem>> {
  const limit = Math.min(source.size, bounds.headBytesMax);
  for (let length = Math.min(bounds.headBytesFirst, limit); ; length = Math.min(2 * length, limit)) {
    const parsed = parseHead(await source.read(0, length));
    const whole = parsed.ok ? length === source.size || hasPixelElement(parsed.value) : !parsed.error.truncated;
    if (whole || length === source.size) return parsed.ok ? parsed : err(withoutFlag(parsed.error));
    if (length === limit)
      return err({ code: 'image-unsupported', detail: `a header of more than ${limit} bytes (headBytesMax)` });
  }
}

/** The parser stops before one element only, so each that may hold pixels is tried until one does. */
function parseHead(bytes: Uint8Array): Result<Part10, Part10Problem> {
  let first: Result<Part10, Part10Problem> | undefined;
  for (const { tag } of pixelElements) {
    const parsed = parsePart10(bytes, tag);
    if (parsed.ok && hasPixelElement(parsed.value)) return parsed;
    first ??= parsed;
    if (!parsed.ok && !parsed.error.truncated) break;
  }
  return first as Result<Part10, Part10Problem>;
}

const hasPixelElement = ({ dataSet }: Part10): boolean =>
  pixelElements.some(({ tag }) => dataSet.elements[tag] !== undefined);

const withoutFlag = ({ code, detail }: Part10Problem): Problem => ({ code, detail });

export const imageHeadOf = (bytes: Uint8Array): Result<Part10, Problem> => {
  const parsed = parseHead(bytes);
  return parsed.ok ? ok(parsed.value) : err(withoutFlag(parsed.error));
};
