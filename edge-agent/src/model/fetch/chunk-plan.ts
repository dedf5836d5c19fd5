import type { Chunk, Release } from '@collimator/shared/contracts/release';

/** A chunk to fetch once, and every place where its bytes belong. */
export type PlannedChunk = {
  /** Its place in the bitmap. */
  readonly index: number;
  readonly chunk: Chunk;
  readonly places: readonly { readonly path: string; readonly offset: number }[];
};

/** Every distinct chunk of a release, in the order of its files; the same bytes are fetched once. */
export function planChunks(files: Release['files']): readonly PlannedChunk[] {
  const planned = new Map<string, { index: number; chunk: Chunk; places: { path: string; offset: number }[] }>();
  for (const [path, file] of Object.entries(files)) {
    for (const chunk of file.chunks) {
      // Length and encoding are part of the identity: a list that gives one digest two lengths is caught by the digest.
      const key = `${chunk.sha256} ${chunk.length} ${chunk.encoding}`;
      const known = planned.get(key);
      if (known === undefined)
        planned.set(key, { index: planned.size, chunk, places: [{ path, offset: chunk.offset }] });
      else known.places.push({ path, offset: chunk.offset });
    }
  }
  return [...planned.values()];
}
