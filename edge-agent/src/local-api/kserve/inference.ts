import { isCoded } from '@collimator/shared/errors/coded-error';
import { err, ok, type Result } from '@collimator/shared/result';
import { BodyCutOff } from '../watched-body.ts';
import { type Answer, tensorAnswer } from './answer.ts';
import { askEngine } from './ask-engine.ts';
import type { Codec } from './codec/codec.ts';
import type { InferBody } from './codec/decode-request.ts';
import { encodeResponse } from './codec/encode-response.ts';
import type { KserveDeps, KserveProgram } from './deps.ts';
import type { StageModel } from './models.ts';
import { type PriorityName, priorityNames, priorityOf, timeoutOf } from './priority.ts';
import { type KserveRefusal, refuse } from './refusal.ts';

/** One inference for a program, from the body of its request to the answer. */
export type Inference = {
  /** @throws BodyCutOff when nobody waits any more */
  run(body: InferBody): Promise<Result<Answer, KserveRefusal>>;
  /** Known once the body has been read. */
  priority(): PriorityName | undefined;
  /** Resolves when the engine has let go of it, which may be after the answer. */
  settled(): Promise<unknown>;
};

/** @param gone aborted when the program does not wait any more */
export function createInference(
  { engine, limits, onEvent, after }: Pick<KserveDeps, 'engine' | 'limits' | 'onEvent' | 'after'>,
  codec: Codec,
  { program, model }: { readonly program: KserveProgram; readonly model: StageModel },
  priorityHeader: string | undefined,
  gone: AbortSignal,
): Inference {
  let priority: PriorityName | undefined;
  let running: Promise<unknown> = Promise.resolve();

  async function run(body: InferBody): Promise<Result<Answer, KserveRefusal>> {
    const question = await codec.decode(body, model.tensors);
    if (!question.ok) return question;
    const { parameters, id, outputs } = question.value;
    const asked = priorityOf(parameters['priority'], priorityHeader, program.priorities);
    if (!asked.ok) return asked;
    priority = priorityNames[asked.value];
    const timeout = timeoutOf(parameters['timeout']);
    if (!timeout.ok) return timeout;
    const late = new AbortController();
    const cancel = after(Math.min(limits.answer_ms, timeout.value ?? Infinity), () => late.abort());
    const signal = AbortSignal.any([gone, late.signal]);
    const asking = askEngine(engine, model, question.value, asked.value, signal);
    running = asking.catch(() => undefined);
    const result = await Promise.race([asking, aborted(signal)]).finally(cancel);
    if (late.signal.aborted && result?.ok !== true) {
      onEvent({ type: 'limit', limit: 'answer-time' });
      return refuse(504, 'kserve-timeout', model.name);
    }
    if (result === undefined) throw new BodyCutOff('nobody waits for the answer');
    if (!result.ok) {
      if (result.error.http === 429) onEvent({ type: 'limit', limit: 'engine' });
      return result;
    }
    const texts = await Promise.all(
      result.value.map(async ({ data }, i) => (outputs[i]?.binary === true ? undefined : codec.text(data))),
    ).catch(codedOnly);
    if (!Array.isArray(texts)) return failed(texts.code);
    const { version, sha256: releaseSha256 } = model.model;
    const head = { model: model.name, version, releaseSha256, id };
    return ok(tensorAnswer(encodeResponse(head, outputs, result.value, texts)));
  }
  return { run, priority: () => priority, settled: () => running };
}

const failed = (cause: string): Result<never, KserveRefusal> =>
  err({ http: 500, code: 'kserve-failed', why: cause, cause });

function codedOnly(error: unknown) {
  if (isCoded(error)) return error;
  throw error;
}

const aborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
