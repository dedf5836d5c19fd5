import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSliceReader, type Slice } from '@collimator/edge-agent/study/decode/slice-reader';
import { assembleVolume } from '@collimator/edge-agent/study/decode/volume';
import { selfTest } from '@collimator/edge-agent/study/infer/self-test';
import type {
  ClassificationStage,
  RegressionStage,
  ReleaseDeclaration,
  SegmentationStage,
  Stage,
} from '@collimator/shared/contracts/release';
import { encodeNpy } from '@collimator/shared/imaging/npy';
import { preprocessSeries } from '@collimator/shared/imaging/preprocess';
import { preprocessVolume, volumeOf } from '@collimator/shared/imaging/preprocess-volume';
import { must } from '../../conformance/results/series.ts';
import { readExample } from './example-models.ts';
import { type ExampleWorld, openExampleWorld, readObject, runOver } from './example-world.ts';

let world: ExampleWorld;
beforeAll(async () => {
  world = await openExampleWorld();
});
afterAll(() => world.close());

/** An example under a name of its own, with its stage changed. */
const changed = <S extends Stage>(
  example: ReleaseDeclaration,
  name: string,
  change: (stage: S) => S,
  at = 0,
): ReleaseDeclaration => ({
  ...{ ...example, name },
  stages: example.stages.map((stage, i) => (i === at ? change(stage as S) : stage)),
});

async function run(declared: ReleaseDeclaration) {
  const loaded = await world.load(declared);
  const asked = world.job(loaded);
  const inferred = await runOver([await world.worker(loaded)], asked);
  return { inferred, report: (await readObject(asked.job, inferred, 'SR')).toString('latin1') };
}

describe('outcomes without a measurement', () => {
  const classification = readExample('classification');

  it('a classification abstains where no class is decided', async () => {
    const unsure = changed<ClassificationStage>(classification, 'unsure', (stage) => ({
      ...stage,
      labels: stage.labels.map((label) => ({ ...label, absent_below: 0, present_from: 1 })),
    }));
    const { inferred, report } = await run(unsure);
    expect(inferred.outcome).toBe('abstained');
    expect(inferred.objects.map(({ object }) => object)).toEqual(['SR']);
    expect(report).toContain('Every probability lies between');
    expect(report).not.toContain('Hemorrhage');
  });

  it('a classification finds nothing where every class is absent, and says of each that it is', async () => {
    const nothing = changed<ClassificationStage>(classification, 'nothing', (stage) => ({
      ...stage,
      labels: stage.labels.map((label) => ({ ...label, absent_below: 1, present_from: 1 })),
    }));
    const { inferred, report } = await run(nothing);
    expect(inferred.outcome).toBe('no-finding');
    expect(report).toContain('Hemorrhage');
    expect(report).toContain('Absent');
  });

  it('a class in the band between is told as indeterminate beside one that is decided', async () => {
    const half = changed<ClassificationStage>(classification, 'half', (stage) => ({
      ...stage,
      labels: stage.labels.map((label, i) =>
        i === 0 ? { ...label, absent_below: 0, present_from: 1 } : { ...label, absent_below: 0, present_from: 0 },
      ),
    }));
    const { inferred, report } = await run(half);
    expect(inferred.outcome).toBe('measured');
    expect(report).toContain('Indeterminate');
  });

  it('a number that is not plausible is not told', async () => {
    const strange = changed<RegressionStage>(readExample('regression'), 'strange', (stage) => ({
      ...stage,
      values: stage.values.map((value) => ({ ...value, offset: 500 })),
    }));
    const { inferred, report } = await run(strange);
    expect(inferred.outcome).toBe('abstained');
    expect(report).toMatch(/Brain age of \d+(\.\d+)? a lies outside of 0 to 120/);
  });

  it('a first stage that finds nothing ends the job, as it says', async () => {
    const blind = changed<ClassificationStage>(readExample('slices-then-detection'), 'blind', (stage) => ({
      ...stage,
      labels: stage.labels.map((label) => ({ ...label, absent_below: 1, present_from: 1 })),
    }));
    const { inferred, report } = await run(blind);
    expect(inferred.outcome).toBe('no-finding');
    expect(report).toContain('Stage select found nothing for the next one to look at');
  });
});

describe('what is refused', () => {
  it('a series that is no volume, by its code, before a pixel of it is decoded', async () => {
    const loaded = await world.load(readExample('segmentation-3d'));
    const [first = ''] = world.files;
    const { job, ref } = world.job(loaded, { files: [...world.files, first] });
    const planned = await (await world.worker(loaded)).plan(job, ref);
    expect(planned).toMatchObject({ ok: false, error: { code: 'series-duplicate-slices' } });
  });

  it('a pipeline that cannot work, with all that is wrong', async () => {
    const example = readExample('region-then-volume');
    const { selection: _, ...first } = example.stages[0] as Stage & { selection?: unknown };
    const broken = {
      ...example,
      name: 'broken',
      task: 'detection' as const,
      stages: [first, ...example.stages.slice(1)],
    };
    const loaded = await world.load(broken);
    const { job, ref } = world.job(loaded);
    await expect((await world.worker(loaded)).plan(job, ref)).rejects.toMatchObject({
      code: 'imaging-ops-invalid',
      detail: expect.stringMatching(/stages\[0\]\.selection.*task: the last stage is one of segmentation/) as string,
    });
  });
});

describe('the right voxels', () => {
  /** Without the ops that take parts of a mask away. */
  const only = (stage: SegmentationStage): SegmentationStage => ({
    ...stage,
    postprocessing: stage.postprocessing.filter(({ op }) => op !== 'largest-component' && op !== 'min-volume'),
  });

  /** Voxels that are at least so bright, of all slices. */
  async function brighter(than: number): Promise<number> {
    const reader = await createSliceReader();
    let count = 0;
    for (const file of world.files)
      for (const value of must(await reader.readSlice(file)).pixels) if (value >= than) count += 1;
    return count;
  }

  it('a volume that is turned, resampled, cut into windows and put together again marks what is bright', async () => {
    // The model marks what lies above a quarter of the window's upper half: 125 of 200.
    // Finely, so that little is lost between the voxels.
    const fine = (stage: SegmentationStage): SegmentationStage => ({
      ...only(stage),
      sliding: { overlap: 0.1, weighting: 'gaussian', sigma_share: 0.125 },
      preprocessing: [
        { op: 'modality-lut' },
        { op: 'window', center: 100, width: 200, to: [-1, 1] },
        { op: 'orient', axes: 'SAR' },
        { op: 'resample', spacing_mm: [1.3, 1.2, 1.1], interpolation: 'linear' },
      ],
    });
    const all = changed<SegmentationStage>(readExample('region-then-volume'), 'all-parts', fine, 1);
    const { inferred } = await run(all);
    const wanted = await brighter(125);
    expect(inferred.maskVoxels / wanted).toBeGreaterThan(0.8);
    expect(inferred.maskVoxels / wanted).toBeLessThan(1.2);
  });

  it('on the grid of the source itself, the mask is the threshold to the last voxel', async () => {
    const example = readExample('region-then-volume');
    const [stage] = example.stages.slice(1) as [Stage & { task?: 'segmentation' }];
    const exact = {
      ...{ ...example, name: 'exact' },
      stages: [
        {
          ...stage,
          preprocessing: [
            { op: 'modality-lut' as const },
            { op: 'scale' as const, from: [0, 200] as [number, number], to: [-1, 1] as [number, number] },
          ],
          postprocessing: [
            { op: 'resize-to-source' as const, interpolation: 'bilinear' as const },
            { op: 'threshold' as const, at: 0 },
          ],
        },
      ],
    } as ReleaseDeclaration;
    const loaded = await world.load(exact);
    const inferred = await runOver([await world.worker(loaded)], world.job(loaded));
    expect(inferred.maskVoxels).toBe(await brighter(125));
  });
});

describe('golden cases of every task', () => {
  /** A short real series, as a trainer would put it beside the model. */
  async function source() {
    const reader = await createSliceReader();
    const slices: Slice[] = [];
    for (const file of world.files) slices.push(must(await reader.readSlice(file)));
    const { order, geometry } = must(assembleVolume(slices.map(({ header }) => header)));
    const sorted = order.map((at) => slices[at] as Slice);
    return { slices: sorted, geometry };
  }
  const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

  it.each(['classification', 'regression', 'segmentation-3d'] as const)('of %s', async (name) => {
    const declared = readExample(name);
    const { folder, release } = await world.load({ ...declared, name: `golden-${name}` });
    const { slices, geometry } = await source();
    const [stage] = release.stages as [Stage];
    const { rows, columns, spacing_mm } = geometry;
    const spacing: [number, number, number] = [spacing_mm.slices, spacing_mm.rows, spacing_mm.columns];
    const directions = [geometry.step_mm, geometry.columnCosines, geometry.rowCosines] as const;
    const frame = { shape: [slices.length, rows, columns] as const, spacing_mm: spacing, directions };
    // What the tiny networks of example-models.ts give, worked out here without the runtime.
    const volume = () => preprocessVolume(volumeOf(slices, stage.preprocessing), stage.preprocessing, frame);
    const expectations = {
      classification: () => {
        const { data, slices: count } = preprocessSeries(slices, stage.preprocessing);
        const size = data.length / count;
        return Array.from({ length: count }, (_, i) => mean(data.subarray(i * size, (i + 1) * size))).flatMap((m) => [
          1.2 * m + 1.4,
          0.2 * m + 1.2,
        ]);
      },
      regression: () => [mean(volume().values)],
      'segmentation-3d': () => Array.from(volume().values, (value) => 8 * value - 2),
    };
    const expected = Float32Array.from(expectations[name]());
    const pixels = new Float32Array(slices.length * rows * columns);
    for (const [i, slice] of slices.entries()) pixels.set(slice.pixels, i * rows * columns);
    const golden = (file: string): string => join(folder, 'golden', file);
    await writeFile(golden('0.pixels.npy'), encodeNpy({ data: pixels, shape: [slices.length, rows, columns] }));
    await writeFile(golden('0.json'), JSON.stringify({ spacing_mm: spacing, directions }));
    await writeFile(golden('0.expected.npy'), encodeNpy({ data: expected, shape: [expected.length] }));
    expect(await selfTest(folder, release)).toMatchObject({ ok: true });
    const off = expected.map((value, i) => (i === 1 || expected.length === 1 ? value + 0.01 : value));
    await writeFile(golden('0.expected.npy'), encodeNpy({ data: off, shape: [expected.length] }));
    expect(await selfTest(folder, release)).toMatchObject({ ok: false, error: { code: 'golden-mismatch' } });
  });
});
