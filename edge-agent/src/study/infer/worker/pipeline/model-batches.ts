import type { Stage } from '@collimator/shared/contracts/release';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { type MakeValues, newValues } from '@collimator/shared/imaging/slice';
import type { ModelSession, ModelTensor } from '../model-session.ts';
import { fromTensor, type ItemShape, itemShapeOf, toTensor, valuesOf } from './tensor-shape.ts';

/** What a model takes of one item: values of one channel after the other, and their sides. */
export type ItemInput = { readonly values: Float32Array; readonly channels: number; readonly sides: readonly number[] };

/** Runs a stage's model on any number of items, in batches of the sizes that the stage declares. */
export type ModelBatches = {
  /** Of an input, as part of what a run costs. */
  readonly shape: string;
  readonly input: ItemShape;
  /** In the order of the stage's outputs. */
  readonly outputs: readonly ItemShape[];
  /** The largest batch. */
  readonly batchMax: number;
  /**
   * For each item the values of each output, one channel after the other.
   *
   * @param make where they lie; memory of their own when absent
   */
  run(
    inputs: readonly ItemInput[],
    batchMax?: number,
    make?: MakeValues,
  ): Promise<readonly (readonly Float32Array[])[]>;
  /** One run per batch size, so that the first real one is as fast as the others. */
  warm(): Promise<void>;
};

/**
 * One run at a time: whoever asks meanwhile waits for those before.
 *
 * @throws CodedError `inference-release-unsupported` for tensors that no item fits into
 */
export function createModelBatches(stage: Stage, session: ModelSession): ModelBatches {
  const [tensor, ...more] = stage.inputs;
  if (tensor === undefined || more.length > 0)
    throw new CodedError('inference-release-unsupported', 'more than one input');
  const input = itemShapeOf(tensor);
  const outputs = stage.outputs.map(itemShapeOf);
  const names = stage.outputs.map(({ name }) => name);
  const batchSizes = stage.batch_sizes.toSorted((a, b) => b - a);
  const [largest, smallest] = [batchSizes[0] ?? 1, batchSizes.at(-1) ?? 1];
  const size = valuesOf(input);
  let last: Promise<unknown> = Promise.resolve();
  /** Inputs of one run; those of the next one are laid over them when it has ended. */
  let spare: Float32Array | undefined;
  /** What the last run gave. It was copied from at once, so the next one of the same batch is laid over it. */
  let before: { readonly batch: number; readonly answers: readonly ModelTensor[] } | undefined;

  /** One run of exactly `batch` items; shapes are fixed, because a new shape makes the runtime plan anew. */
  async function runBatch(
    items: readonly ItemInput[],
    batch: number,
    make: MakeValues,
  ): Promise<readonly (readonly Float32Array[])[]> {
    // Who failed may still be reading: a run that ends otherwise keeps what it was given.
    const all = spare ?? new Float32Array(largest * size);
    spare = undefined;
    const data = all.subarray(0, batch * size).fill(0, items.length * size);
    for (const [i, item] of items.entries()) {
      requireShape(item, input);
      toTensor(item.values, input, data.subarray(i * size, (i + 1) * size));
    }
    const dims = (tensor as NonNullable<typeof tensor>).shape.map((side) => (side === 'batch' ? batch : side));
    const over = before?.batch === batch ? before.answers : undefined;
    before = undefined;
    const answers = await session.run([{ name: (tensor as NonNullable<typeof tensor>).name, dims, data }], names, over);
    spare = all;
    for (const [o, shape] of outputs.entries())
      requireValues(answers[o]?.data, names[o] ?? '', batch, shape, items.length);
    const parts = items.map((_, i) =>
      outputs.map((shape, o) => {
        const values = (answers[o] as (typeof answers)[number]).data;
        return fromTensor(values.subarray(i * valuesOf(shape), (i + 1) * valuesOf(shape)), shape, make);
      }),
    );
    before = { batch, answers };
    return parts;
  }

  async function run(
    items: readonly ItemInput[],
    batchMax: number,
    make: MakeValues,
  ): Promise<readonly (readonly Float32Array[])[]> {
    const sizes = batchSizes.filter((one) => one <= Math.max(batchMax, smallest));
    const done: (readonly Float32Array[])[] = [];
    while (done.length < items.length) {
      const left = items.length - done.length;
      // The largest size that is filled; the smallest, filled up with blank items, for what is left over.
      const batch = sizes.find((one) => one <= left) ?? smallest;
      done.push(...(await runBatch(items.slice(done.length, done.length + batch), batch, make)));
    }
    return done;
  }

  return {
    ...{ shape: input.sides.join('×'), input, outputs, batchMax: largest },
    run(items, batchMax = largest, make = newValues) {
      const mine = last.then(() => run(items, batchMax, make));
      last = mine.catch(() => undefined);
      return mine;
    },
    async warm() {
      const blank = { values: new Float32Array(size), channels: input.channels, sides: input.sides };
      for (const batch of batchSizes)
        await runBatch(
          Array.from({ length: batch }, () => blank),
          batch,
          newValues,
        );
    },
  };
}

function requireShape({ channels, sides }: ItemInput, input: ItemShape): void {
  const same = channels === input.channels && sides.every((side, i) => side === input.sides[i]);
  if (same && sides.length === input.sides.length) return;
  const [gives, takes] = [sides.join('×'), input.sides.join('×')];
  throw new CodedError(
    'imaging-ops-invalid',
    `preprocessing gives ${gives}, ${channels} channels; the model takes ${takes}, ${input.channels} channels`,
  );
}

/** Items that only fill up a batch are not looked at. */
function requireValues(
  values: Float32Array | undefined,
  name: string,
  batch: number,
  shape: ItemShape,
  items: number,
): void {
  if (values?.length !== batch * valuesOf(shape))
    throw new CodedError(
      'inference-output-invalid',
      `${name} is not ${batch} × ${[shape.channels, ...shape.sides].join('×')} float32`,
    );
  const count = items * valuesOf(shape);
  for (let i = 0; i < count; i++)
    if (Number.isNaN(values[i]))
      throw new CodedError('inference-output-invalid', `${name} has values that are no number`);
}
