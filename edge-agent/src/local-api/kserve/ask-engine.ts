import { err, ok, type Result } from '@collimator/shared/result';
import type { TensorFailure } from '../../study/infer/tensor-engine.ts';
import type { ModelTensor } from '../../study/infer/worker/model-session.ts';
import type { Priority } from '../../study/queue/schedule/scheduler.ts';
import type { InferQuestion } from './codec/decode-request.ts';
import { batchFor, firstItems, withBatch } from './codec/fit-batch.ts';
import type { KserveDeps } from './deps.ts';
import type { StageModel } from './models.ts';
import { type KserveRefusal, refuse } from './refusal.ts';

/** When to ask again about a model that no device has, s. */
export const NOT_READY_RETRY_S = 10;

/** @returns the wanted outputs in their order, for the items of the request */
export async function askEngine(
  engine: KserveDeps['engine'],
  { model, stage, tensors }: StageModel,
  { inputs, batch, outputs }: InferQuestion,
  priority: Priority,
  signal: AbortSignal,
): Promise<Result<readonly ModelTensor[], KserveRefusal>> {
  const names = outputs.map(({ name }) => name);
  const size = batch === undefined ? undefined : batchFor(batch, tensors);
  const run = await engine.infer({
    ...{ sha256: model.sha256, stage, priority, outputs: names, signal },
    inputs: size === undefined ? inputs : withBatch(inputs, tensors, size),
  });
  if (!run.ok) return err(refusalOf(run.error));
  const found = names.map((name) => run.value.find((tensor) => tensor.name === name));
  if (!found.every((tensor) => tensor !== undefined)) return refuse(500, 'kserve-failed', 'inference-output-invalid');
  return ok(batch === undefined ? found : firstItems(found, tensors, batch));
}

/** A program is told the code; the detail may name things of this machine. */
function refusalOf(failure: TensorFailure): KserveRefusal {
  if (failure.how === 'overloaded')
    return { http: 429, code: 'kserve-overloaded', why: 'the queue is full', retryAfter_s: failure.retryAfter_s };
  const { code: cause } = failure;
  return failure.how === 'not-ready'
    ? { http: 503, code: 'kserve-not-ready', why: cause, cause, retryAfter_s: NOT_READY_RETRY_S }
    : { http: 500, code: 'kserve-failed', why: cause, cause };
}
