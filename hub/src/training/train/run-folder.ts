import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TrainingEvent } from './events.ts';
import type { PipelineResult } from './run-pipeline.ts';

/**
 * The folder of one run: `metrics.jsonl` grows while it trains, `weights.bin`, `weights.json` and `release/` appear
 * when it is done. `release/` is there whole or not at all, so a run that was killed is told from one that finished;
 * starting again removes what the last attempt left.
 */
export type RunFolder = {
  readonly append: (event: TrainingEvent) => void;
  /** Writes the results and returns the path of the release folder. */
  readonly finish: (result: PipelineResult) => string;
  readonly close: () => void;
};

const results: readonly string[] = ['release', 'weights.bin', 'weights.json', 'metrics.jsonl'];
const PARTIAL = 'release.partial-';

export function openRunFolder(folder: string): RunFolder {
  mkdirSync(folder, { recursive: true });
  const stale = readdirSync(folder).filter((name) => results.includes(name) || name.startsWith(PARTIAL));
  for (const name of stale) rmSync(join(folder, name), { recursive: true, force: true });
  const metrics = openSync(join(folder, 'metrics.jsonl'), 'a');
  return {
    append: (event) => void writeSync(metrics, `${JSON.stringify(event)}\n`),
    finish(result) {
      writeDurably(join(folder, 'weights.bin'), result.weights.bytes);
      writeDurably(join(folder, 'weights.json'), Buffer.from(result.weights.index));
      const partial = join(folder, `${PARTIAL}${process.pid}`);
      const folders = new Set<string>([partial]);
      for (const file of result.release) {
        const path = join(partial, file.path);
        mkdirSync(dirname(path), { recursive: true });
        folders.add(dirname(path));
        writeDurably(path, file.bytes);
      }
      for (const path of folders) syncFolder(path);
      const release = join(folder, 'release');
      // A child that outlived its hub may have finished here a moment after this one began.
      rmSync(release, { recursive: true, force: true });
      renameSync(partial, release);
      syncFolder(folder);
      return release;
    },
    close: () => closeSync(metrics),
  };
}

function writeDurably(path: string, bytes: Uint8Array): void {
  const file = openSync(path, 'w');
  try {
    let written = 0;
    while (written < bytes.length) written += writeSync(file, bytes, written);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
