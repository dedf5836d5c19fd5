import { chunkBytesMax } from '@collimator/shared/contracts/release';
import { sha256Hex } from '@collimator/shared/release/canonical-json';
import { type Refusal, refuse } from '@collimator/shared/release/refusal';
import { ok, type Result } from '@collimator/shared/result';
import type { RangeClient } from './range-client.ts';

/** Fetches a small object (trust metadata, release.json) by digest and length, range by range, and checks its digest. */
export async function fetchObject(
  ranges: RangeClient,
  { sha256, length }: { readonly sha256: string; readonly length: number },
  signal: AbortSignal,
): Promise<Result<Buffer, Refusal>> {
  const parts: Buffer[] = [];
  for (let offset = 0; offset < length; ) {
    const part = await ranges.range(sha256, offset, Math.min(chunkBytesMax, length - offset), signal);
    if (!part.ok) return part;
    if (part.value.length === 0 || part.value.length > length - offset)
      return refuse('chunk-mismatch', `${sha256.slice(0, 12)}: another length`);
    parts.push(part.value);
    offset += part.value.length;
  }
  const bytes = Buffer.concat(parts);
  return sha256Hex(bytes) === sha256 ? ok(bytes) : refuse('chunk-mismatch', `${sha256.slice(0, 12)}: another digest`);
}
