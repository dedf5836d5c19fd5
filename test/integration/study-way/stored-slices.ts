import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoreObject } from '@collimator/edge-agent/dimse/index';
import { part10Bytes } from '@collimator/edge-agent/study/result/elements/part10-file';

/** Writes slices of `mrSeries` as Part 10 files, for programs that read files; returns their paths. */
export async function writeSlices(folder: string, slices: readonly StoreObject[]): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const files: string[] = [];
  for (const slice of slices) {
    if (!(slice.dataSet instanceof Uint8Array)) throw new Error('a slice of mrSeries is bytes');
    const file = join(folder, `${slice.sopInstanceUid}.dcm`);
    await writeFile(file, part10Bytes(slice, slice.dataSet, slice.transferSyntaxUid));
    files.push(file);
  }
  return files;
}
