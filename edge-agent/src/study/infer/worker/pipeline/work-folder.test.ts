import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeChunk, encodeChunk } from './chunk-file.ts';
import { coverOf, openWorkFolder } from './work-folder.ts';

const times = { decode_ms: 1, preprocess_ms: 2, infer_ms: 3, result_ms: 4 };
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'work-folder-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('a chunk file', () => {
  it('gives back what was written, and nothing of a file that was cut short', () => {
    const values = fc.record({
      mask: fc.uint8Array({ maxLength: 40 }),
      raw: fc.float32Array({ maxLength: 20 }),
      boxes: fc.int32Array({ maxLength: 7 }),
    });
    fc.assert(
      fc.property(values, fc.nat(), (arrays, cut) => {
        const bytes = new Uint8Array(Buffer.concat(encodeChunk({ arrays, times })));
        expect(decodeChunk(bytes)).toEqual({ arrays, times });
        // The last bytes may be padding.
        fc.pre(arrays.mask.length + arrays.raw.length + arrays.boxes.length > 0);
        const short = bytes.slice(0, cut % (bytes.length - 8));
        expect(() => decodeChunk(short)).toThrow(/no chunk file|cut short/);
      }),
    );
  });
});

describe('chunks of a stage', () => {
  it('cover all items once, however often and however cut they were run', () => {
    const cuts = fc.array(fc.uniqueArray(fc.integer({ min: 1, max: 19 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(cuts, fc.integer({ min: 0, max: 3 }), (runs, seed) => {
        const ranges = runs.flatMap((cut) => {
          const ends = [0, ...cut.toSorted((a, b) => a - b), 20];
          return ends.slice(1).map((to, i) => ({ from: ends[i] as number, to }));
        });
        const shuffled = ranges.map((range, i) => ({ range, at: (i * 7 + seed * 3) % 11 })).sort((a, b) => a.at - b.at);
        const cover = coverOf(
          shuffled.map(({ range }) => range),
          20,
        );
        expect(cover.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i))).toEqual(
          Array.from({ length: 20 }, (_, i) => i),
        );
      }),
    );
  });

  it('that are not all there are told of, and so is a plan that is gone', async () => {
    const work = openWorkFolder(folder);
    await work.writeChunk(0, { from: 0, to: 2 }, { arrays: { mask: Uint8Array.of(1, 2) }, times });
    await work.writeChunk(0, { from: 3, to: 4 }, { arrays: { mask: Uint8Array.of(4) }, times });
    const read = async (items: number): Promise<number[]> => {
      const values: number[] = [];
      for await (const { outputs } of work.chunks(0, items)) values.push(...(outputs.arrays['mask'] ?? []));
      return values;
    };
    expect(await read(2)).toEqual([1, 2]);
    await expect(read(4)).rejects.toMatchObject({ code: 'pipeline-outputs-missing', class: 'transient' });
    await expect(work.readSeries()).rejects.toMatchObject({ code: 'pipeline-outputs-missing' });
    // Nothing half-written lies beside them.
    expect((await readdir(folder)).every((name) => name.endsWith('.chunk'))).toBe(true);
  });
});
