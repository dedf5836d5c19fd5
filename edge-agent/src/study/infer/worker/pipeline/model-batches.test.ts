import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClassificationStage } from '@collimator/shared/contracts/release';
import type { ModelSession, ModelTensor } from '../model-session.ts';
import { createModelBatches } from './model-batches.ts';

const stage = (batch_sizes: number[], layout: 'NCHW' | 'NHWC' = 'NCHW'): ClassificationStage => ({
  ...{
    name: 'sum',
    model: 'sum.onnx',
    unit: 'slice',
    task: 'classification',
    activation: 'none',
    batch_sizes,
    labels: [],
  },
  preprocessing: [],
  inputs: [{ name: 'x', dtype: 'float32', layout, shape: layout === 'NCHW' ? ['batch', 2, 1, 2] : ['batch', 1, 2, 2] }],
  outputs: [{ name: 'y', dtype: 'float32', layout: 'NC', shape: ['batch', 1] }],
});

/** Adds up what it is given for each item; notes the batches it ran. */
function sums(ran: number[], answer: (sum: number) => number = (sum) => sum): ModelSession {
  let running = 0;
  return {
    provider: 'cpu',
    attested: true,
    async run(inputs) {
      expect(++running).toBe(1);
      await new Promise(setImmediate);
      running -= 1;
      const [{ dims, data }] = inputs as [(typeof inputs)[number]];
      const batch = dims[0] as number;
      ran.push(batch);
      const values = Float32Array.from({ length: batch }, (_, i) =>
        answer(data.subarray(i * 4, i * 4 + 4).reduce((sum, value) => sum + value, 0)),
      );
      return [{ name: 'y', dims: [batch, 1], data: values }];
    },
    close: () => Promise.resolve(),
  };
}

const item = (value: number) => ({ values: Float32Array.of(value, 0, 0, 0), channels: 2, sides: [1, 2] });

describe('batches of a model', () => {
  it('run every item once, in batches of the declared sizes only, whoever asks meanwhile', async () => {
    const run = fc.record({
      sizes: fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }),
      asked: fc.array(fc.nat(20), { minLength: 1, maxLength: 3 }),
      batchMax: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(run, async ({ sizes, asked, batchMax }) => {
        const ran: number[] = [];
        const model = createModelBatches(stage(sizes), sums(ran));
        const answers = await Promise.all(
          asked.map((count) =>
            model.run(
              Array.from({ length: count }, (_, i) => item(i)),
              batchMax,
            ),
          ),
        );
        expect(answers.map((one) => one.map(([y]) => y?.[0]))).toEqual(
          asked.map((count) => Array.from({ length: count }, (_, i) => i)),
        );
        const bound = Math.max(batchMax ?? 9, Math.min(...sizes));
        for (const batch of ran) {
          expect(sizes).toContain(batch);
          expect(batch).toBeLessThanOrEqual(bound);
        }
      }),
    );
  });

  it('lay channels last where the tensor has them last', async () => {
    const seen: number[][] = [];
    const session = sums([]);
    const model = createModelBatches(stage([1], 'NHWC'), {
      ...session,
      run(inputs, outputs) {
        seen.push([...(inputs[0]?.data ?? [])]);
        return session.run(inputs, outputs);
      },
    });
    await model.run([{ values: Float32Array.of(1, 2, 10, 20), channels: 2, sides: [1, 2] }]);
    expect(seen).toEqual([[1, 10, 2, 20]]);
  });

  it('give a session what its last run of the same batch gave to be laid over, and nothing that failed', async () => {
    const given: (number | undefined)[] = [];
    const session = sums([]);
    let fails = false;
    const model = createModelBatches(stage([1, 2]), {
      ...session,
      async run(inputs, outputs, over) {
        given.push(over?.[0]?.dims[0]);
        const [{ dims, data }] = (await session.run(inputs, outputs)) as [ModelTensor];
        if (fails) throw new Error('torn');
        over?.[0]?.data.set(data);
        return [{ name: 'y', dims, data: over?.[0]?.data ?? data }];
      },
    });
    const values = async (...items: number[]) => (await model.run(items.map(item))).map(([y]) => y?.[0]);
    const first = await model.run([item(1), item(2)]);
    expect(await values(3, 4)).toEqual([3, 4]);
    expect(first.map(([y]) => y?.[0])).toEqual([1, 2]);
    expect(await values(5)).toEqual([5]);
    fails = true;
    await expect(values(6)).rejects.toThrow('torn');
    fails = false;
    expect(await values(7)).toEqual([7]);
    expect(given).toEqual([undefined, 2, undefined, 1, undefined]);
  });

  it('refuse inputs of another size, and outputs that are no numbers or too few', async () => {
    const model = createModelBatches(stage([2]), sums([]));
    await expect(model.run([{ ...item(1), sides: [2, 1] }])).rejects.toMatchObject({ code: 'imaging-ops-invalid' });
    expect((await model.run([item(4)]))[0]?.[0]?.[0]).toBe(4);
    const invalid = { code: 'inference-output-invalid' };
    const broken = createModelBatches(
      stage([1]),
      sums([], () => Number.NaN),
    );
    await expect(broken.run([item(1)])).rejects.toMatchObject(invalid);
    const short = { ...sums([]), run: () => Promise.resolve([{ name: 'y', dims: [0], data: new Float32Array(0) }]) };
    await expect(createModelBatches(stage([1]), short).run([item(1)])).rejects.toMatchObject(invalid);
  });
});
