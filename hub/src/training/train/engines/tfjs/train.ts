import { CodedError } from '@collimator/shared/errors/coded-error';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { augment, type Sample, type SampleSize } from '../../augment.ts';
import { noProgress, observe, stopReason } from '../../early-stopping.ts';
import type { Predict, TrainInput, Weight } from '../../engine.ts';
import { makeRandom, type Random } from '../../random.ts';
import { diceBceLoss } from './loss.ts';

/** Steps between two validations. */
export const validationIntervalSteps = 4;

export type Trained = { readonly steps: number; readonly bestStep: number; readonly validationDice: number };

/**
 * Trains in place by a loop of our own (tfjs's `fit` shuffles without a seed): every random number comes from the
 * run's seed, so the same samples and backend give the same weights. At the end the model holds the weights of the
 * best validation. Memory on the backend is the same after every step.
 * @throws CodedError `training-diverged`
 */
export function trainModel(model: LayersModel, input: TrainInput): Trained {
  const { spec, emit } = input;
  const random = makeRandom(spec.seed);
  const batches = endlessBatches(input.samples, spec.batch, random.stream('order'));
  const draws = random.stream('augmentation');
  const optimizer = tf.train.adam(spec.optimizer.learning_rate);
  const times = () => ({ elapsed_s: input.clock() / 1000, cpu_s: input.cpuSeconds() });
  const limits = { patienceSteps: spec.early_stopping.patience_steps, stepsMax: spec.steps_max };
  let progress = noProgress;
  let best: readonly Weight[] = [];
  for (let step = 1; ; step++) {
    const batch = batches().map((sample) => augment(sample, input.size, spec.augmentation, draws));
    const loss = trainStep(model, optimizer, batch, input.size);
    if (!Number.isFinite(loss)) throw new CodedError('training-diverged', `step ${step}`);
    emit({ type: 'step', step, steps_max: spec.steps_max, loss, ...times() });
    if (step % validationIntervalSteps !== 0 && step < spec.steps_max) continue;

    const dice = input.validate(predictor(model, input.size, spec.batch));
    progress = observe(progress, step, dice);
    if (progress.bestStep === step) best = readWeights(model);
    emit({ type: 'validation', step, val_dice: dice, best_val_dice: progress.best, ...times() });
    const reason = stopReason(progress, step, limits);
    if (reason === undefined) continue;
    emit({ type: 'stopped', step, reason, best_step: progress.bestStep, best_val_dice: progress.best, ...times() });
    optimizer.dispose();
    writeWeights(model, best);
    return { steps: step, bestStep: progress.bestStep, validationDice: progress.best };
  }
}

/** One step of gradient descent on one batch; returns the loss before the step. */
export function trainStep(
  model: LayersModel,
  optimizer: tf.Optimizer,
  batch: readonly Sample[],
  size: SampleSize,
): number {
  const shape: [number, number, number, number] = [batch.length, size.rows, size.columns, 1];
  const images = tf.tensor4d(joined(batch.map((sample) => sample.image)), shape);
  const targets = tf.tensor4d(joined(batch.map((sample) => sample.target)), shape);
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const forward = (): tf.Scalar =>
    tf.tidy(() => diceBceLoss(model.apply(images, { training: true }) as tf.Tensor, targets));
  const loss = optimizer.minimize(forward, true, variables) as tf.Scalar;
  const value = loss.dataSync()[0] as number;
  tf.dispose([loss, images, targets]);
  return value;
}

/** The model as a function on plain arrays, at most `batch` images at a time. */
export const predictor =
  (model: LayersModel, size: SampleSize, batch: number): Predict =>
  (images) => {
    const pixels = size.rows * size.columns;
    const out = new Float32Array(images.length);
    for (let from = 0; from < images.length; from += batch * pixels) {
      const part = images.subarray(from, Math.min(images.length, from + batch * pixels));
      const logits = tf.tidy(() => {
        const x = tf.tensor4d(part, [part.length / pixels, size.rows, size.columns, 1]);
        return (model.apply(x, { training: false }) as tf.Tensor).dataSync<'float32'>();
      });
      out.set(logits, from);
    }
    return out;
  };

/** All weights, moving statistics included, copied out of the backend. */
export const readWeights = (model: LayersModel): readonly Weight[] =>
  model.weights.map((weight) => {
    const value = weight.read();
    return { name: weight.originalName, shape: value.shape, values: value.dataSync<'float32'>().slice() };
  });

function writeWeights(model: LayersModel, weights: readonly Weight[]): void {
  const tensors = weights.map((weight) => tf.tensor(weight.values, [...weight.shape]));
  for (const [i, variable] of model.weights.entries()) variable.write(tensors[i] as tf.Tensor);
  tf.dispose(tensors);
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Every sample once, in a fresh order, then again; a batch may span two rounds. */
function endlessBatches(samples: readonly Sample[], batch: number, random: Random): () => Sample[] {
  let order: Sample[] = [];
  return () => {
    while (order.length < batch) order = [...order, ...random.shuffled(samples)];
    const taken = order.slice(0, batch);
    order = order.slice(batch);
    return taken;
  };
}
