import type { Release } from '@collimator/shared/contracts/release';
import { err, ok } from '@collimator/shared/result';
import { expect, it } from 'vitest';
import type { TensorEngine, TensorFailure } from '../../study/infer/tensor-engine.ts';
import { askEngine } from './ask-engine.ts';
import type { StageModel } from './models.ts';

const tensor = (name: string) => ({
  ...{ name, dtype: 'float32' as const, layout: 'NCHW' as const },
  shape: ['batch' as const, 2],
});
const stage = { inputs: [tensor('in')], outputs: [tensor('a'), tensor('b')], batch_sizes: [1, 4] };
const release = { stages: [stage] } as unknown as Release;
const model = { name: 'm', version: '1.0.0', sha256: 'f'.repeat(64), release, ready: true };
const stageModel = { name: 'm', model, stage: 0, tensors: stage } as unknown as StageModel;
const question = {
  ...{ id: undefined, parameters: {}, batch: 3 },
  inputs: [{ name: 'in', dims: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
  outputs: [
    { name: 'b', binary: true },
    { name: 'a', binary: false },
  ],
};

const ask = (infer: TensorEngine['infer']) =>
  askEngine(
    { models: () => [model], keep: () => () => undefined, infer },
    stageModel,
    question,
    2,
    new AbortController().signal,
  );

it('asks with a batch of the release, and gives the outputs in the order they were asked for', async () => {
  const answer = await ask(async ({ inputs, outputs, stage: index, sha256 }) => {
    expect([sha256, index, outputs, inputs[0]?.dims]).toEqual([model.sha256, 0, ['b', 'a'], [4, 2]]);
    const data = (by: number) => (inputs[0]?.data ?? new Float32Array()).map((value) => value * by);
    return ok([
      { name: 'a', dims: [4, 2], data: data(1) },
      { name: 'b', dims: [4, 2], data: data(10) },
    ]);
  });
  expect(answer).toEqual(
    ok([
      { name: 'b', dims: [3, 2], data: Float32Array.of(10, 20, 30, 40, 50, 60) },
      { name: 'a', dims: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
    ]),
  );
});

it.each<[TensorFailure, object]>([
  [
    { how: 'overloaded', retryAfter_s: 3 },
    { http: 429, code: 'kserve-overloaded', retryAfter_s: 3 },
  ],
  [
    { how: 'not-ready', code: 'inference-device-lost', detail: '/secret' },
    { http: 503, code: 'kserve-not-ready', why: 'inference-device-lost', retryAfter_s: 10 },
  ],
  [
    { how: 'failed', code: 'inference-output-invalid', detail: '/secret' },
    { http: 500, code: 'kserve-failed', why: 'inference-output-invalid', cause: 'inference-output-invalid' },
  ],
])('tells a program the code of %j, and no detail of this machine', async (failure, refusal) => {
  const answer = await ask(async () => err(failure));
  expect(answer).toMatchObject({ ok: false, error: refusal });
  expect(JSON.stringify(answer)).not.toContain('/secret');
});

it('gives no answer that lacks an output', async () => {
  const answer = await ask(async () => ok([{ name: 'a', dims: [4, 2], data: new Float32Array(8) }]));
  expect(answer).toMatchObject({ ok: false, error: { http: 500, why: 'inference-output-invalid' } });
});
