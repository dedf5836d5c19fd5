import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ReleaseDeclaration, releaseDraft } from '@collimator/shared/contracts/release';
import type { RunSpec } from '@collimator/shared/contracts/run-spec';
import { decodeNpy } from '@collimator/shared/imaging/npy';
import { preprocessSeries } from '@collimator/shared/imaging/preprocess';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TrainingEvent } from '@collimator/hub/training/train/events';
import { launchLocal } from '@collimator/hub/training/train/launchers/local';
import { until } from '../hub/until.ts';

// Short runs on the real images, each in a child process from dist.

const datasetDir = fileURLToPath(new URL('../../fixtures/brain-t1', import.meta.url));
const spec: RunSpec = {
  experiment: 'brain-mask',
  engine: 'tfjs',
  launcher: 'local',
  seed: 1,
  dataset: 'brain-t1@1',
  task: 'segmentation',
  split: { by: 'block', validation: { slices: [45, 55] }, test: { slices: [75, 105] } },
  network: { name: 'unet', channels: [8, 16, 32], norm: 'batch', up: 'bilinear', down: 'strided' },
  preprocessing: 'release',
  augmentation: [{ op: 'rotate', degrees: 15 }],
  loss: { name: 'dice-bce' },
  optimizer: { name: 'adam', learning_rate: 0.01 },
  batch: 4,
  steps_max: 4,
  early_stopping: { metric: 'val_dice', patience_steps: 40 },
  export: { opset: 17, batch_sizes: [1, 8], parity_abs_max: 1e-5 },
  release: 'release.json',
};
const code = { scheme: 'SCT', code: '12738006', meaning: 'Brain' };
const tensor = { dtype: 'float32', layout: 'NHWC', shape: ['batch', 64, 64, 1] } as const;
const release: ReleaseDeclaration = {
  schema: 'collimator.release/1',
  name: 'brain-mask-t1',
  version: '1.0.0',
  task: 'segmentation',
  title: 'Brain mask on T1-weighted MR',
  intended_use: 'A test.',
  research_use_only: true,
  selector: {},
  priority: 'routine',
  stages: [
    {
      name: 'segment',
      model: 'model.onnx',
      unit: 'slice',
      inputs: [{ name: 'image', ...tensor, shape: [...tensor.shape] }],
      batch_sizes: [1, 8],
      preprocessing: [
        { op: 'modality-lut' },
        { op: 'clip-percentiles', scope: 'series', low: 0.5, high: 99.5 },
        { op: 'resize', size: [64, 64], interpolation: 'bilinear', antialias: true },
        { op: 'scale', from: 'clip', to: [-0.5, 0.5] },
      ],
      outputs: [{ name: 'logits', ...tensor, shape: [...tensor.shape] }],
      postprocessing: [
        { op: 'sigmoid' },
        { op: 'resize-to-source', interpolation: 'bilinear' },
        { op: 'threshold', at: 0.5 },
        { op: 'largest-component', connectivity: 26 },
      ],
      segments: [{ number: 1, label: 'Brain', category: code, type: code }],
      measurements: [{ kind: 'volume', segment: 1, unit: 'mL' }],
    },
  ],
  device: { providers: ['cpu'], memory_bytes_min: 0, opset: 17 },
  golden: { cases: 4, tolerance_abs: 1e-4 },
};

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'training-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Whether a process is the training child of this run folder; one that is gone is not. */
function isRunOf(pid: string, out: string): boolean {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return command.includes('--out') && command.includes(out);
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

const launch = (outDir: string, change: Partial<Parameters<typeof launchLocal>[0]> = {}) =>
  launchLocal({ spec, release, datasetDir, outDir, run: 'r-000001', code: 'git:test', ...change });

describe('a training run in a child process', () => {
  test('gives a release, and the same model bytes for the same seed', async () => {
    const events: TrainingEvent[] = [];
    const [a, b] = [join(root, 'a'), join(root, 'b')];
    const first = await launch(a, { onEvent: (event) => events.push(event) });
    const second = await launch(b);
    if (!first.ok || !second.ok) throw new Error(JSON.stringify([first, second]));
    expect(first.value.release).toBe(join(a, 'release'));
    expect(first.value.weights_sha256).toBe(second.value.weights_sha256);
    expect(first.value.parameters).toBeGreaterThan(14_000);
    expect(first.value.parity_max_abs_diff).toBeLessThanOrEqual(1e-5);
    const files = [
      'release/model.onnx',
      'release/golden/0.pixels.npy',
      'release/golden/3.expected.npy',
      'release/reference.json',
    ];
    const differing = files.filter((file) => !readFileSync(join(a, file)).equals(readFileSync(join(b, file))));
    expect(differing).toEqual([]);

    expect(events.map((event) => event.type).filter((type) => type !== 'step')).toEqual([
      'backend',
      'data',
      'validation',
      'stopped',
      'test',
      'exported',
      'done',
    ]);
    const metrics = readFileSync(join(a, 'metrics.jsonl'), 'utf8').trim().split('\n');
    expect(metrics.map((line) => JSON.parse(line) as unknown)).toEqual(events);

    expect(readdirSync(join(a, 'release')).sort()).toEqual([
      'CARD.md',
      'LICENSE-MODEL.txt',
      'evaluation.json',
      'golden',
      'model.onnx',
      'reference.json',
      'release.json',
    ]);
    const draft = releaseDraft.parse(JSON.parse(readFileSync(join(a, 'release/release.json'), 'utf8')), 'release.json');
    expect(draft.provenance).toMatchObject({ run: 'r-000001', code: 'git:test', seed: 1 });
    expect(draft.provenance.engine).toMatch(/^tfjs 4\.\d+\.\d+ \(.+\)$/);
    expect(draft.evaluation.metrics['dice']).toMatchObject({ value: first.value.dice, n: 30 });
    expect(readFileSync(join(a, 'release/CARD.md'), 'utf8')).toMatch(/one subject.*proves the loop, not the model/);
    expect(readFileSync(join(a, 'release/LICENSE-MODEL.txt'), 'utf8')).toMatch(/Chris Rorden/);
  });

  test('its golden cases hold for the declared preprocessing and ONNX Runtime', async () => {
    const folder = join(root, 'a/release');
    const session = await InferenceSession.create(join(folder, 'model.onnx'), { intraOpNumThreads: 1 });
    expect(session.inputNames).toEqual(['image']);
    expect(session.outputNames).toEqual(['logits']);
    for (let n = 0; n < release.golden.cases; n++) {
      const pixels = decodeNpy(readFileSync(join(folder, `golden/${n}.pixels.npy`)));
      const expected = decodeNpy(readFileSync(join(folder, `golden/${n}.expected.npy`)));
      const [count, rows, columns] = pixels.shape as [number, number, number];
      expect(expected.shape).toEqual([count, 64, 64, 1]);
      const slices = Array.from({ length: count }, (_, i) => ({
        pixels: pixels.data.subarray(i * rows * columns, (i + 1) * rows * columns),
        rows,
        columns,
      }));
      const { data } = preprocessSeries(slices, release.stages[0]?.preprocessing ?? []);
      const { logits } = await session.run({ image: new Tensor('float32', data, [count, 64, 64, 1]) });
      const found = logits?.data as Float32Array;
      const worst = found.reduce((most, value, i) => Math.max(most, Math.abs(value - (expected.data[i] as number))), 0);
      expect(worst).toBeLessThanOrEqual(release.golden.tolerance_abs);
    }
    await session.release();
  });

  test('killed in the middle it leaves no release, and starts over', async () => {
    const out = join(root, 'c');
    const abort = new AbortController();
    const stopped = await launch(out, {
      spec: { ...spec, steps_max: 500 },
      signal: abort.signal,
      onEvent: (event) => {
        if (event.type === 'step' && event.step === 2) abort.abort();
      },
    });
    expect(stopped.ok ? undefined : stopped.error.code).toBe('training-aborted');
    expect(existsSync(join(out, 'release'))).toBe(false);
    writeFileSync(join(out, 'weights.bin'), 'left over');
    const again = await launch(out);
    expect(again.ok).toBe(true);
    expect(readFileSync(join(out, 'metrics.jsonl'), 'utf8').match(/"type":"step"/g)).toHaveLength(spec.steps_max);
    expect(readFileSync(join(out, 'weights.bin')).equals(readFileSync(join(root, 'a/weights.bin')))).toBe(true);
  });

  test('it ends with the program that started it, in the middle of a long step', async () => {
    const out = join(root, 'g');
    const launcher = new URL('../../../hub/dist/training/train/launchers/local.js', import.meta.url).href;
    // Hundreds of slices at once: a step takes far longer than the test waits.
    const options = { spec: { ...spec, batch: 512, steps_max: 1000 }, release, datasetDir, outDir: out };
    const script = `const { launchLocal } = await import(${JSON.stringify(launcher)});
      await launchLocal({ ...${JSON.stringify(options)}, onEvent: (event) => console.log(event.type) });`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const children = () => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isRunOf(pid, out));
    let told = '';
    parent.stdout.setEncoding('utf8').on('data', (text: string) => {
      told += text;
    });
    await until('it trains', () => told.includes('data'));
    const [child] = children();
    parent.kill('SIGKILL');
    try {
      await until('the run has ended', () => children().length === 0, 10_000);
      expect(child).toBeDefined();
      expect(told).not.toContain('step');
    } finally {
      for (const pid of children()) process.kill(Number(pid), 'SIGKILL');
    }
  });

  test('when nobody reads its output any more, it ends by itself', async () => {
    const out = join(root, 'f');
    mkdirSync(out);
    const declared = join(out, 'declared.json');
    writeFileSync(declared, JSON.stringify(release));
    writeFileSync(join(out, 'spec.json'), JSON.stringify({ ...spec, steps_max: 100_000, release: declared }));
    const entry = fileURLToPath(new URL('../../../hub/dist/training/train/run-child.js', import.meta.url));
    const child = spawn(
      process.execPath,
      [entry, '--spec', join(out, 'spec.json'), '--dataset', datasetDir, '--out', out],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    // The first line shows that it is at work; then nobody reads any more.
    await once(child.stdout, 'data');
    child.stdout.destroy();
    await once(child, 'exit');
    expect(child.exitCode).not.toBe(0);
    expect(existsSync(join(out, 'release'))).toBe(false);
  });

  test('a run that cannot be says why', async () => {
    const wrong = async (change: Partial<RunSpec>): Promise<string> => {
      const result = await launch(join(root, 'd'), { spec: { ...spec, ...change } });
      if (result.ok) return '';
      return `${result.error.code} ${result.error.class}: ${result.error.detail}`;
    };
    expect(await wrong({ engine: 'other' })).toMatch(/^training-engine-unknown permanent: other/);
    expect(await wrong({ split: { ...spec.split, validation: { slices: [45, 80] } } })).toMatch(
      /^split-invalid permanent: .*overlap/,
    );
    expect(await wrong({ dataset: 'brain-t2@1' })).toMatch(
      /^dataset-invalid permanent: the run asks for brain-t2@1, the folder holds brain-t1@1/,
    );
    expect(await wrong({ steps_max: 0 })).toMatch(/^config-invalid permanent: .*steps_max/);
  });

  test('an aborted signal starts nothing', async () => {
    const result = await launch(join(root, 'e'), { signal: AbortSignal.abort() });
    expect(result.ok ? undefined : result.error.code).toBe('training-aborted');
    expect(existsSync(join(root, 'e'))).toBe(false);
  });
});
