import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RunSpec } from '@collimator/shared/contracts/run-spec';
import type { Sample } from '../../augment.ts';
import type { TrainingEvent } from '../../events.ts';
import { makeRandom } from '../../random.ts';
import { startBackend, startWasm } from './backend.ts';
import { predictor, readWeights, trainModel, trainStep } from './train.ts';
import { buildUnet } from './unet.ts';

const size = { rows: 16, columns: 16 };
const spec: RunSpec = {
  experiment: 'discs',
  engine: 'tfjs',
  launcher: 'local',
  seed: 11,
  dataset: 'discs@1',
  task: 'segmentation',
  split: { by: 'block', validation: { slices: [0, 1] }, test: { slices: [1, 2] } },
  network: { name: 'unet', channels: [4, 8], norm: 'batch', up: 'bilinear', down: 'strided' },
  preprocessing: 'release',
  augmentation: [
    { op: 'flip', axis: 'x' },
    { op: 'noise', std: 0.05 },
  ],
  loss: { name: 'dice-bce' },
  optimizer: { name: 'adam', learning_rate: 0.02 },
  batch: 4,
  steps_max: 24,
  early_stopping: { metric: 'val_dice', patience_steps: 100 },
  export: { opset: 17, batch_sizes: [1], parity_abs_max: 1e-5 },
  release: 'release.json',
};

/** Bright discs on a dark ground: a task that a network of a few hundred weights can learn. */
function discs(count: number, seed: number): Sample[] {
  const random = makeRandom(seed);
  return Array.from({ length: count }, () => {
    const [cy, cx, radius] = [4 + random.below(8), 4 + random.below(8), 2 + random.below(3)];
    const target = Float32Array.from({ length: 256 }, (_, i) =>
      Math.hypot(Math.floor(i / 16) - cy, (i % 16) - cx) <= radius ? 1 : 0,
    );
    return { target, image: target.map((value) => value - 0.5 + 0.2 * random.normal()) };
  });
}

function runOnce(change: Partial<RunSpec> = {}) {
  const used = { ...spec, ...change };
  const held = discs(8, 99);
  const events: TrainingEvent[] = [];
  const model = buildUnet(used.network, size, makeRandom(used.seed, 'weights'));
  const before = tf.memory().numTensors;
  const trained = trainModel(model, {
    spec: used,
    size,
    samples: discs(20, 1),
    validate: (predict) => {
      const logits = predict(Float32Array.from(held.flatMap((sample) => Array.from(sample.image))));
      const truth = held.flatMap((sample) => Array.from(sample.target));
      let [both, either] = [0, 0];
      for (const [i, logit] of logits.entries()) {
        const found = logit > 0 ? 1 : 0;
        both += found * (truth[i] as number);
        either += found + (truth[i] as number);
      }
      return either === 0 ? 0 : (2 * both) / either;
    },
    emit: (event) => events.push(event),
    clock: () => 0,
    cpuSeconds: () => 0,
  });
  const weights = readWeights(model);
  const leaked = tf.memory().numTensors - before;
  const outputs = predictor(model, size, 3)(held[0]?.image ?? new Float32Array(0));
  model.dispose();
  return { trained, events, weights, leaked, outputs };
}

describe('training loop', () => {
  beforeAll(async () => {
    await startWasm();
  });

  test('it learns, keeps the best weights, and leaves no tensor behind', () => {
    const { trained, events, leaked } = runOnce();
    const losses = events.flatMap((event) => (event.type === 'step' ? [event.loss] : []));
    expect(losses).toHaveLength(24);
    expect(losses.at(-1)).toBeLessThan((losses[0] as number) / 2);
    const dices = events.flatMap((event) => (event.type === 'validation' ? [event.val_dice] : []));
    expect(trained.validationDice).toBe(Math.max(...dices));
    expect(trained.validationDice).toBeGreaterThan(0.8);
    expect(leaked).toBe(0);
  });

  test('the number of tensors is the same after every step', () => {
    const model = buildUnet(spec.network, size, makeRandom(1));
    const optimizer = tf.train.adam(0.01);
    const batch = discs(4, 2);
    trainStep(model, optimizer, batch, size);
    const after = tf.memory().numTensors;
    for (let step = 0; step < 5; step++) {
      trainStep(model, optimizer, batch, size);
      expect(tf.memory().numTensors).toBe(after);
    }
    optimizer.dispose();
    model.dispose();
  });

  test('a seed gives the same weights to the bit, another seed others', () => {
    const first = runOnce({ steps_max: 6 });
    const second = runOnce({ steps_max: 6 });
    expect(second.weights).toEqual(first.weights);
    expect(second.outputs).toEqual(first.outputs);
    expect(second.events).toEqual(first.events);
    expect(runOnce({ steps_max: 6, seed: 12 }).weights).not.toEqual(first.weights);
  });

  test.each([
    ['nearest up-sampling', { up: 'nearest' }],
    ['no normalisation', { norm: 'none' }],
    ['three levels', { channels: [4, 6, 8] }],
  ] as const)('a network with %s trains too', (_, change) => {
    const { events } = runOnce({
      network: { ...spec.network, ...change, channels: 'channels' in change ? [...change.channels] : [4, 8] },
      optimizer: { name: 'adam', learning_rate: 0.01 },
    });
    const losses = events.flatMap((event) => (event.type === 'step' ? [event.loss] : []));
    expect(losses.at(-1)).toBeLessThan((losses[0] as number) * 0.8);
  });

  test('a loss that is not a number ends the run', () => {
    expect(() => runOnce({ optimizer: { name: 'adam', learning_rate: 1e38 } })).toThrow(
      /not a finite number: step \d+/,
    );
  });
});

describe('choice of backend', () => {
  test('what is not installed is passed over by name, and what is broken says why', async () => {
    const info = await startBackend((name) => {
      if (name.endsWith('-gpu')) return Promise.reject(new Error('libcudart.so.11.0: cannot open shared object file'));
      return Promise.reject(
        Object.assign(new Error(`Cannot find package '${name}'`), { code: 'ERR_MODULE_NOT_FOUND' }),
      );
    });
    expect(info).toEqual({
      engine: `tfjs ${tf.version_core}`,
      backend: 'wasm',
      detail: 'SIMD, 1 thread',
      passedOver: [
        {
          name: '@tensorflow/tfjs-node-gpu',
          why: 'it is installed and does not load: libcudart.so.11.0: cannot open shared object file',
        },
        { name: '@tensorflow/tfjs-node', why: 'not installed' },
      ],
    });
  });
});
