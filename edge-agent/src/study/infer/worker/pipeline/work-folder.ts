import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { type ChunkOutputs, type ChunkPieces, decodeChunk, encodeChunk } from './chunk-file.ts';
import type { SeriesPlan, StagePlan } from './plan.ts';
import { writeWhole } from './whole-file.ts';

/** Items from `from` on, `to` not included. */
export type ItemRange = { readonly from: number; readonly to: number };

/** What the workers of a job hand to each other: plans, and what came of chunks; never pixels of the source. */
export type WorkFolder = {
  writeSeries(plan: SeriesPlan): Promise<void>;
  readSeries(): Promise<SeriesPlan>;
  writeStage(plan: StagePlan): Promise<void>;
  readStage(stage: number): Promise<StagePlan>;
  writeChunk(stage: number, range: ItemRange, outputs: ChunkPieces): Promise<void>;
  /**
   * The chunks of a stage that together are all of its items, each item once, in the order of the items.
   *
   * @throws CodedError `pipeline-outputs-missing` where no chunk has an item
   */
  chunks(stage: number, items: number): AsyncGenerator<{ readonly range: ItemRange; readonly outputs: ChunkOutputs }>;
  remove(): Promise<void>;
};

const digits = (n: number): string => String(n).padStart(7, '0');
const chunkName = (stage: number, { from, to }: ItemRange): string =>
  `stage-${stage}.${digits(from)}-${digits(to)}.chunk`;

export function openWorkFolder(folder: string): WorkFolder {
  const writeJson = async (name: string, value: unknown): Promise<void> => {
    await mkdir(folder, { recursive: true });
    await writeWhole(join(folder, name), [new TextEncoder().encode(JSON.stringify(value))]);
  };
  const readJson = async (name: string): Promise<unknown> =>
    JSON.parse((await read(join(folder, name))).toString('utf8'));

  return {
    writeSeries: (plan) => writeJson('plan.json', plan),
    readSeries: async () => (await readJson('plan.json')) as SeriesPlan,
    writeStage: (plan) => writeJson(`stage-${plan.work.stage}.json`, plan),
    readStage: async (stage) => (await readJson(`stage-${stage}.json`)) as StagePlan,
    writeChunk: (stage, range, outputs) => writeWhole(join(folder, chunkName(stage, range)), encodeChunk(outputs)),
    async *chunks(stage, items) {
      for (const range of coverOf(rangesOf(await readdir(folder), stage), items))
        yield { range, outputs: decodeChunk(await read(join(folder, chunkName(stage, range)))) };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A plan that is gone is no fault of the input: the job is planned anew. */
async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const detail = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new CodedError('pipeline-outputs-missing', detail);
  }
}

function rangesOf(names: readonly string[], stage: number): readonly ItemRange[] {
  const pattern = new RegExp(`^stage-${stage}\\.(\\d{7})-(\\d{7})\\.chunk$`);
  return names.flatMap((name) => {
    const match = pattern.exec(name);
    return match === null ? [] : [{ from: Number(match[1]), to: Number(match[2]) }];
  });
}

/**
 * The ranges that cover all items, each item once. A chunk that was run again may have been cut otherwise, so ranges
 * can overlap: chunks are whole, so it is enough to follow from the end of one to the beginning of the next.
 *
 * @throws CodedError `pipeline-outputs-missing`
 */
export function coverOf(ranges: readonly ItemRange[], items: number): readonly ItemRange[] {
  /** For each item that a range ends before: that range, of a chain that covers all up to it. */
  const reached = new Map<number, ItemRange | undefined>([[0, undefined]]);
  for (const range of ranges.toSorted((a, b) => a.from - b.from || b.to - a.to))
    if (range.to > range.from && reached.has(range.from) && !reached.has(range.to)) reached.set(range.to, range);
  const chain: ItemRange[] = [];
  for (let at = items; at > 0; ) {
    const range = reached.get(at);
    if (range === undefined) throw new CodedError('pipeline-outputs-missing', `no chunks for all of ${items} items`);
    chain.push(range);
    at = range.from;
  }
  return chain.reverse();
}
