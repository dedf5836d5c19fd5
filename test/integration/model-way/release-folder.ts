import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReleaseDraft } from '@collimator/shared/contracts/release';

export type FolderOptions = {
  readonly version?: string;
  readonly model?: Buffer;
  readonly over?: Partial<ReleaseDraft>;
};

const tensor = (name: string): ReleaseDraft['stages'][number]['inputs'][number] => ({
  name,
  dtype: 'float32',
  layout: 'NHWC',
  shape: ['batch', 64, 64, 1],
});

/** A release folder as a training run leaves it. The model's bytes are anything: nobody in these tests runs them. */
export async function makeReleaseFolder(folder: string, options: FolderOptions = {}): Promise<string> {
  const draft: ReleaseDraft = {
    schema: 'collimator.release/1',
    name: 'brain-mask-t1',
    version: options.version ?? '1.0.0',
    task: 'segmentation',
    title: 'Brain mask on T1-weighted MR',
    intended_use: 'Tests of the way of a model; not for diagnosis.',
    research_use_only: true,
    created: '2026-11-23T15:00:00Z',
    selector: { modality: ['MR'] },
    priority: 'routine',
    stages: [
      {
        name: 'segment',
        model: 'model.onnx',
        unit: 'slice',
        inputs: [tensor('image')],
        batch_sizes: [1, 8],
        preprocessing: [{ op: 'modality-lut' }],
        outputs: [tensor('logits')],
        postprocessing: [{ op: 'sigmoid' }, { op: 'threshold', at: 0.5 }],
        segments: [
          {
            number: 1,
            label: 'Brain',
            category: { scheme: 'SCT', code: '123037004', meaning: 'Anatomical structure' },
            type: { scheme: 'SCT', code: '12738006', meaning: 'Brain' },
          },
        ],
        measurements: [],
      },
    ],
    device: { providers: ['cpu'], memory_bytes_min: 1_000_000, opset: 17 },
    golden: { cases: 1, tolerance_abs: 0.0001 },
    reference: { file: 'reference.json', studies: 1 },
    evaluation: {
      dataset: 'sha256:0000',
      note: 'none',
      metrics: { dice: { value: 0.957, n: 30, unit_of_analysis: 'voxels' } },
    },
    provenance: { engine: 'tfjs', run: 'r-000001', dataset: 'sha256:0000', code: 'git:0', seed: 1 },
    ...options.over,
  };
  await mkdir(join(folder, 'golden'), { recursive: true });
  await writeFile(join(folder, 'release.json'), JSON.stringify(draft));
  await writeFile(join(folder, 'model.onnx'), options.model ?? Buffer.from(`model ${draft.version}`));
  await writeFile(join(folder, 'golden', '0.npy'), Buffer.alloc(20_000, 7));
  await writeFile(join(folder, 'reference.json'), '{}');
  await writeFile(join(folder, 'CARD.md'), '# Card\n');
  return folder;
}
