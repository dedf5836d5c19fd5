import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSliceReader, type Slice } from '@collimator/edge-agent/study/decode/slice-reader';
import { assembleVolume, type Volume } from '@collimator/edge-agent/study/decode/volume';
import type { RawElement } from '@collimator/edge-agent/study/decode/raw-element';
import type { Result } from '@collimator/shared/result';
import { type MrSeriesFiles, writeMrSeries } from '../../fixtures/mr-series/make-series.ts';

// Works from the sources and from dist alike: the fixture lies under test/, three folders up or four.
const here = fileURLToPath(import.meta.url);
export const t1Volume = join(here.slice(0, here.lastIndexOf('/test/')), 'test/fixtures/brain-t1/t1.nii.gz');

/** Enough slices for a head to show, few enough to be quick; not a multiple of 8 pixels. */
export const block = { first: 30, count: 12 } as const;

export type TestSeries = {
  readonly folder: string;
  readonly files: MrSeriesFiles;
  readonly slices: readonly Slice[];
  readonly volume: Volume;
  readonly subject: readonly RawElement[];
  remove(): void;
};

export const must = <T>(result: Result<T, { readonly detail: string }>): T => {
  if (!result.ok) throw new Error(result.error.detail);
  return result.value;
};

/** A part of the T1 volume as an MR series in a folder of its own, read back by the agent. */
export async function makeTestSeries(): Promise<TestSeries> {
  const folder = mkdtempSync(join(tmpdir(), 'collimator-results-'));
  const files = await writeMrSeries({ volume: t1Volume, out: folder, block });
  const reader = await createSliceReader();
  const slices: Slice[] = [];
  for (const file of files.explicit) slices.push(must(await reader.readSlice(file)));
  const volume = must(assembleVolume(slices.map((slice) => slice.header)));
  const subject = must(await reader.readSubject(files.explicit[0] as string));
  return { folder, files, slices, volume, subject, remove: () => rmSync(folder, { recursive: true }) };
}

/** Bright voxels: a mask with the shape of a head. */
export function brightMask({ slices }: TestSeries): Uint8Array {
  const [first] = slices as readonly [Slice];
  const size = first.pixels.length;
  const mask = new Uint8Array(slices.length * size);
  slices.forEach((slice, s) => slice.pixels.forEach((value, i) => (mask[s * size + i] = value > 100 ? 1 : 0)));
  return mask;
}
