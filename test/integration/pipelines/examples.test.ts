import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pipelineProblems } from '@collimator/shared/imaging/pipeline-problems';
import { exampleNames, type ExampleName, readExample } from './example-models.ts';
import { type ExampleWorld, openExampleWorld, runOver, type Split } from './example-world.ts';

let world: ExampleWorld;
beforeAll(async () => {
  world = await openExampleWorld();
});
afterAll(() => world.close());

const madeOf: Readonly<Record<ExampleName, readonly string[]>> = {
  classification: ['SC', 'SC', 'SR'],
  detection: ['GSPS', 'SC', 'SC', 'SR'],
  'segmentation-2d': ['GSPS', 'SC', 'SC', 'SEG', 'SR'],
  'segmentation-3d': ['GSPS', 'SC', 'SC', 'SEG', 'SR'],
  regression: ['SR'],
  'region-then-volume': ['GSPS', 'SC', 'SC', 'SEG', 'SR'],
  'slices-then-detection': ['GSPS', 'SC', 'SC', 'SR'],
  radiograph: ['SC', 'SC', 'SR'],
};

/** Real images of the kind that the example is for. */
const imagesFor = (name: ExampleName) => (name === 'radiograph' ? { files: world.radiographs } : {});

describe('the example pipelines', () => {
  it.each(exampleNames)('%s fits the contract and has no problem', (name) => {
    expect(pipelineProblems(readExample(name))).toEqual([]);
  });

  it.each(exampleNames)('%s runs on real images to its results, and leaves no work behind', async (name) => {
    const loaded = await world.load(readExample(name));
    const asked = world.job(loaded, imagesFor(name));
    const inferred = await runOver([await world.worker(loaded)], asked);
    expect(inferred.outcome).toBe('measured');
    expect(inferred.objects.map(({ object }) => object).sort()).toEqual(madeOf[name]);
    expect(existsSync(asked.ref.workFolder)).toBe(false);
  });

  it.each(exampleNames)('%s gives the same bytes however its items are cut and shared', async (name) => {
    const loaded = await world.load(readExample(name));
    const digests = async (split?: Split): Promise<readonly string[]> => {
      const workers = [await world.worker(loaded), await world.worker(loaded)];
      const inferred = await runOver(workers, world.job(loaded, imagesFor(name)), split);
      return inferred.objects.map(({ object, sha256 }) => `${object} ${sha256}`);
    };
    const whole = await digests();
    const cut = fc.record({ seed: fc.integer({ min: 1, max: 1e6 }), again: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(cut, async ({ seed, again }) => {
        expect(await digests(randomSplit(seed, again))).toEqual(whole);
      }),
      { numRuns: 2 },
    );
  });
});

/** Chunks of any size in any order on any worker; with `again`, one of them is run twice, cut otherwise. */
function randomSplit(seed: number, again: boolean): Split {
  let state = seed;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >> 8) % below;
  };
  return ({ items, chunkItemsMax }) => {
    const chunks: { worker: number; from: number; to: number }[] = [];
    for (let from = 0; from < items; ) {
      const to = Math.min(items, from + 1 + next(chunkItemsMax));
      chunks.push({ worker: next(2), from, to });
      from = to;
    }
    if (again) chunks.push({ worker: next(2), from: 0, to: Math.min(items, chunkItemsMax) });
    return chunks
      .map((chunk) => ({ chunk, at: next(1000) }))
      .sort((a, b) => a.at - b.at)
      .map(({ chunk }) => chunk);
  };
}
