import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReleaseDraft } from '@collimator/shared/contracts/release';

/** A small release folder as a training run leaves it, for tests; nobody runs its model. */
export async function fixtureRelease(path: string, version: string, model: string): Promise<string> {
  const tensor: ReleaseDraft['stages'][number]['inputs'][number] = {
    name: 'x',
    dtype: 'float32',
    layout: 'NHWC',
    shape: ['batch', 8, 8, 1],
  };
  const draft: ReleaseDraft = {
    schema: 'collimator.release/1',
    name: 'brain',
    version,
    task: 'segmentation',
    title: 'Brain',
    intended_use: 'Tests',
    research_use_only: true,
    selector: {},
    priority: 'routine',
    stages: [
      {
        name: 'segment',
        model: 'model.onnx',
        unit: 'slice',
        inputs: [tensor],
        batch_sizes: [1],
        preprocessing: [],
        outputs: [tensor],
        postprocessing: [{ op: 'threshold', at: 0.5 }],
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
    device: { providers: ['cpu'], memory_bytes_min: 0, opset: 17 },
    golden: { cases: 1, tolerance_abs: 0.001 },
    created: '2026-11-23T12:00:00Z',
    reference: { file: 'reference.json', studies: 0 },
    evaluation: { dataset: 'd', note: 'n', metrics: { dice: { value: 0.95, n: 30, unit_of_analysis: 'voxels' } } },
    provenance: { engine: 'tfjs', run: 'r-000001', dataset: 'd', code: 'c', seed: 1 },
  };
  await mkdir(join(path, 'golden'), { recursive: true });
  await writeFile(join(path, 'release.json'), JSON.stringify(draft));
  await writeFile(join(path, 'model.onnx'), model);
  await writeFile(join(path, 'golden', '0.npy'), 'golden');
  await writeFile(join(path, 'reference.json'), '{}');
  return path;
}
