import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encodeModel } from '@collimator/hub/training/export/onnx-proto';
import { type PreprocessingOp, release as releaseContract } from '@collimator/shared/contracts/release';
import { encodeNpy } from '@collimator/shared/imaging/npy';
import { preprocessSeries } from '@collimator/shared/imaging/preprocess';
import { preprocessVolume, volumeOf } from '@collimator/shared/imaging/preprocess-volume';
import ort from 'onnxruntime-node';
import { seeded } from '../../faults/seeded.ts';
import type { InstalledRelease } from './agent/protocol.ts';
import type { Network } from './models/networks.ts';

/** What a network is declared to do with a series. */
export type Declaration = {
  readonly name: string;
  readonly network: (random: () => number) => Network;
  readonly batch_sizes: readonly number[];
  readonly preprocessing: readonly PreprocessingOp[];
  readonly task: 'segmentation' | 'classification';
  readonly unit: 'slice' | 'volume';
  /** The rest of its stage; what it marks depends on weights that nobody trained, so it is told what it gives. */
  readonly stage: (golden: Float32Array) => Record<string, unknown>;
};

export type BenchRelease = InstalledRelease & {
  readonly model: string;
  readonly network: Pick<Network, 'input' | 'output'>;
  readonly preprocessing: readonly PreprocessingOp[];
};

const GOLDEN_EDGE = 512;
/** Of a volume: one window of the model, at the spacing that preprocessing makes. */
const GOLDEN_VOLUME_EDGE = 64;
export const goldenSpacing_mm = [3, 3, 3] as const;

/** Writes a release folder, whole and consistent: what a worker checks when it loads it holds. The seed decides the weights. */
export async function writeBenchRelease(
  folder: string,
  declared: Declaration,
  version: string,
  seed = 1,
): Promise<BenchRelease> {
  const { graph, input, output } = declared.network(seeded(seed));
  const header = { irVersion: 8, opset: 17, producer: { name: 'bench', version: '1' }, metadata: {} };
  const model = encodeModel(graph, header);
  const write = (name: string, bytes: Uint8Array): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  };
  write('model.onnx', model);
  const { pixels, expected } = await golden(declared, model, input);
  write('golden/0.pixels.npy', encodeNpy(pixels));
  write('golden/0.expected.npy', encodeNpy({ data: expected, shape: [1, ...output] }));
  write('golden/0.json', Buffer.from(JSON.stringify({ spacing_mm: goldenSpacing_mm })));
  const spread = Math.max(
    1,
    expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
  );
  const tensor = (name: string, layout: string, shape: readonly number[]) => ({
    ...{ name, layout, dtype: 'float32', shape: ['batch', ...shape] },
  });
  const layoutOf = (dims: readonly number[]): string =>
    dims.length === 1 ? 'NC' : dims.length === 3 ? 'NCHW' : 'NCDHW';
  const release = releaseContract.parse(
    {
      ...frame(declared.name, version),
      task: declared.task,
      golden: { cases: 1, tolerance_abs: 1e-3 * spread },
      stages: [
        {
          name: 'only',
          model: 'model.onnx',
          task: declared.task,
          unit: declared.unit,
          inputs: [tensor('image', layoutOf(input), input)],
          outputs: [tensor('logits', layoutOf(output), output)],
          batch_sizes: declared.batch_sizes,
          preprocessing: declared.preprocessing,
          ...declared.stage(expected),
        },
      ],
      files: { 'model.onnx': { sha256: sha256Of(model), bytes: model.length, chunks: [] } },
    },
    'a release of the benchmark',
  );
  const bytes = Buffer.from(JSON.stringify(release));
  write('release.json', bytes);
  const ref = { name: declared.name, version, sha256: sha256Of(bytes) };
  return {
    ref,
    folder,
    model: join(folder, 'model.onnx'),
    network: { input, output },
    preprocessing: declared.preprocessing,
  };
}

/** The same release once more under another version. */
export function copyOfRelease(from: BenchRelease, folder: string, version: string): BenchRelease {
  for (const name of ['model.onnx', 'golden/0.pixels.npy', 'golden/0.expected.npy', 'golden/0.json']) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), readFileSync(join(from.folder, name)));
  }
  const release = JSON.parse(readFileSync(join(from.folder, 'release.json'), 'utf8')) as Record<string, unknown>;
  const bytes = Buffer.from(JSON.stringify({ ...release, version }));
  writeFileSync(join(folder, 'release.json'), bytes);
  return { ...from, folder, model: join(folder, 'model.onnx'), ref: { ...from.ref, version, sha256: sha256Of(bytes) } };
}

/** What the model gives for pixels that have no meaning, by ONNX Runtime as it is. */
async function golden({ unit, preprocessing }: Declaration, model: Uint8Array, input: readonly number[]) {
  const [slices, edge] = unit === 'slice' ? [1, GOLDEN_EDGE] : [GOLDEN_VOLUME_EDGE, GOLDEN_VOLUME_EDGE];
  const data = Int16Array.from({ length: slices * edge ** 2 }, (_, i) => (i * 7919) % 1009);
  const planes = Array.from({ length: slices }, (_, i) => ({
    ...{ pixels: data.subarray(i * edge ** 2, (i + 1) * edge ** 2), rows: edge, columns: edge },
  }));
  const values =
    unit === 'slice'
      ? preprocessSeries(planes, preprocessing).data
      : preprocessVolume(volumeOf(planes, preprocessing), preprocessing, {
          shape: [slices, edge, edge],
          spacing_mm: goldenSpacing_mm,
          directions: [
            [0, 0, 1],
            [0, 1, 0],
            [1, 0, 0],
          ],
        }).values;
  const session = await ort.InferenceSession.create(model, { logSeverityLevel: 3 });
  const { logits } = await session.run({ image: new ort.Tensor('float32', values, [1, ...input]) });
  await session.release();
  return { pixels: { data, shape: [slices, edge, edge] }, expected: logits?.data as Float32Array };
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const frame = (name: string, version: string) => ({
  ...{ schema: 'collimator.release/1', name, version, title: 'Benchmark', research_use_only: true },
  intended_use: 'Measuring what running a model costs; its weights are random.',
  created: '2026-01-02T03:04:05Z',
  selector: { modality: ['MR', 'CT'] },
  priority: 'routine',
  device: { providers: ['cpu'], memory_bytes_min: 0, opset: 17 },
  reference: { file: 'reference.json', studies: 1 },
  evaluation: { dataset: 'none', note: 'none', metrics: {} },
  provenance: { engine: 'none', run: 'r-000001', dataset: 'none', code: 'none', seed: 1 },
});
