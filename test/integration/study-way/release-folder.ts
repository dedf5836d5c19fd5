import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  isSegmentation,
  type Release,
  release as releaseContract,
  type SegmentationStage,
} from '@collimator/shared/contracts/release';
import { encodeNpy } from '@collimator/shared/imaging/npy';
import { preprocessSeries } from '@collimator/shared/imaging/preprocess';
import type { ActiveRelease } from '@collimator/edge-agent/study/assemble/route/active-releases';

const SIZE = 16;
/** The model: mean of 3×3, zeros around, and this bias (models/make.py). */
const BIAS = -0.01;

/** Test programs run from dist, the model stays where it is. */
const modelFile = new URL(import.meta.url.includes('/dist/') ? '../../../' : '../../', import.meta.url);

/** A real release around the model of models/make.py, with golden cases computed here without ONNX Runtime. */
export async function writeRelease(
  folder: string,
  version: string,
  goldenOffset = 0,
  more: Partial<SegmentationStage> = {},
  device: Partial<Release['device']> = {},
  wants: Partial<Pick<Release, 'priors' | 'selector'>> = {},
): Promise<ActiveRelease> {
  await mkdir(join(folder, 'golden'), { recursive: true });
  await copyFile(new URL('integration/study-way/models/bright-region.onnx', modelFile), join(folder, 'model.onnx'));
  const model = await readFile(join(folder, 'model.onnx'));
  const listed = { sha256: createHash('sha256').update(model).digest('hex'), bytes: model.length, chunks: [] };
  const declared = declaration(version);
  const stages = declared.stages.filter(isSegmentation).map((stage) => ({ ...stage, ...more }));
  const release: Release = {
    ...declared,
    ...wants,
    stages,
    device: { ...declared.device, ...device },
    files: { 'model.onnx': listed },
  };
  const { pixels, expected } = golden(release);
  await writeFile(join(folder, 'golden/0.pixels.npy'), encodeNpy({ data: pixels, shape: [3, 20, 20] }));
  const shifted = expected.map((value) => value + goldenOffset);
  await writeFile(join(folder, 'golden/0.expected.npy'), encodeNpy({ data: shifted, shape: [3, SIZE, SIZE, 1] }));
  const bytes = Buffer.from(JSON.stringify(release, null, 2));
  await writeFile(join(folder, 'release.json'), bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { ref: { name: release.name, version, sha256 }, folder, release };
}

function golden(release: Release): { pixels: Int16Array; expected: Float32Array } {
  const pixels = Int16Array.from({ length: 3 * 20 * 20 }, (_, i) => (i * 7919) % 1009);
  const slices = [0, 1, 2].map((i) => ({ pixels: pixels.subarray(i * 400, (i + 1) * 400), rows: 20, columns: 20 }));
  const { data } = preprocessSeries(slices, release.stages[0]?.preprocessing ?? []);
  const at = (slice: number, row: number, column: number): number =>
    row < 0 || column < 0 || row >= SIZE || column >= SIZE ? 0 : (data[(slice * SIZE + row) * SIZE + column] as number);
  const expected = Float32Array.from({ length: 3 * SIZE * SIZE }, (_, i) => {
    const [slice, row, column] = [Math.floor(i / (SIZE * SIZE)), Math.floor(i / SIZE) % SIZE, i % SIZE];
    let sum = 0;
    for (const down of [-1, 0, 1]) for (const across of [-1, 0, 1]) sum += at(slice, row + down, column + across);
    return sum / 9 + BIAS;
  });
  return { pixels, expected };
}

const tensor = (name: string) => ({ name, dtype: 'float32', layout: 'NCHW', shape: ['batch', 1, SIZE, SIZE] });

const declaration = (version: string): Release =>
  releaseContract.parse(
    {
      schema: 'collimator.release/1',
      name: 'bright-region',
      version,
      task: 'segmentation',
      title: 'Bright region',
      intended_use: 'Tests of the way of a study.',
      research_use_only: true,
      created: '2026-01-02T03:04:05Z',
      selector: { modality: ['MR'], body_part: ['HEAD'], series_description: '(?i)T1', orientation: ['axial'] },
      priority: 'routine',
      stages: [
        {
          name: 'segment',
          model: 'model.onnx',
          unit: 'slice',
          inputs: [tensor('image')],
          batch_sizes: [1, 4],
          preprocessing: [
            { op: 'modality-lut' },
            { op: 'clip-percentiles', scope: 'series', low: 0, high: 100 },
            { op: 'resize', size: [SIZE, SIZE], interpolation: 'bilinear' },
            { op: 'scale', from: 'clip', to: [-0.5, 0.5] },
          ],
          outputs: [tensor('logits')],
          postprocessing: [
            { op: 'sigmoid' },
            { op: 'resize-to-source', interpolation: 'bilinear' },
            { op: 'threshold', at: 0.5 },
            { op: 'largest-component', connectivity: 26 },
          ],
          segments: [
            {
              number: 1,
              label: 'Brain',
              category: { scheme: 'SCT', code: '123037004', meaning: 'Anatomical structure' },
              type: { scheme: 'SCT', code: '12738006', meaning: 'Brain' },
            },
          ],
          measurements: [{ kind: 'volume', segment: 1, unit: 'mL' }],
        },
      ],
      device: { providers: ['cpu'], memory_bytes_min: 0, opset: 17 },
      golden: { cases: 1, tolerance_abs: 1e-4 },
      reference: { file: 'reference.json', studies: 1 },
      evaluation: { dataset: 'none', note: 'none', metrics: {} },
      provenance: { engine: 'none', run: 'r-000001', dataset: 'none', code: 'none', seed: 1 },
      files: {},
    },
    'the test release',
  );
