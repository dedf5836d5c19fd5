import { decodeChunk } from '@collimator/shared/release/chunk-file';
import { type Refusal, refuse } from '@collimator/shared/release/refusal';
import { ok, type Result } from '@collimator/shared/result';
import type { PlannedChunk } from './chunk-plan.ts';
import type { PartialRelease } from './partial-release.ts';
import { fetchLimits, type RangeClient } from './range-client.ts';

/** How often one chunk with wrong bytes is asked for again: a bit may flip on the way, a forger flips it each time. */
const mismatchesMax = 3;

/**
 * Fetches chunks into a partial release, as many at once as the window allows; holds no more than that in memory.
 * The first failure stops the rest; what came in stays for the next try.
 */
export async function fetchChunks(
  ranges: RangeClient,
  partial: PartialRelease,
  missing: readonly PlannedChunk[],
  signal: AbortSignal,
  parallel = fetchLimits.window,
): Promise<Result<undefined, Refusal>> {
  const todo = missing.values();
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let failure: Refusal | undefined;
  const worker = async () => {
    for (const planned of todo) {
      if (failure !== undefined) return;
      const fetched = await fetchChunk(ranges, partial, planned, either);
      if (!fetched.ok) {
        failure ??= fetched.error;
        stop.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, missing.length) }, worker));
  return failure === undefined ? ok(undefined) : { ok: false, error: failure };
}

async function fetchChunk(
  ranges: RangeClient,
  partial: PartialRelease,
  planned: PlannedChunk,
  signal: AbortSignal,
): Promise<Result<undefined, Refusal>> {
  const { chunk } = planned;
  let last: Refusal = { code: 'chunk-mismatch', detail: chunk.sha256.slice(0, 12) };
  for (let tries = 0; tries < mismatchesMax; tries++) {
    const payload = await ranges.range(chunk.sha256, 0, chunk.length, signal);
    if (!payload.ok) return payload;
    const raw = decodeChunk(chunk, payload.value);
    if (raw.ok) {
      await partial.put(planned, raw.value);
      return ok(undefined);
    }
    last = raw.error;
  }
  return refuse(last.code, `${last.detail}, ${mismatchesMax} times`);
}
