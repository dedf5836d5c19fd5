import type { IncomingMessage, ServerResponse } from 'node:http';
import { err, ok, type Result } from '@collimator/shared/result';
import { apiCallerOf } from '../access.ts';
import { answerEarly } from '../early-answer.ts';
import { sayContinue } from '../own-body.ts';
import { createRequestLoad } from '../request-load.ts';
import { BodyCutOff, watchedBody } from '../watched-body.ts';
import { sendAnswer, textAnswer } from './answer.ts';
import { NOT_READY_RETRY_S } from './ask-engine.ts';
import { createCodec } from './codec/codec.ts';
import type { KserveDeps, KserveLimit, KserveProgram } from './deps.ts';
import { gatherBody } from './infer-body.ts';
import { type InferHead, readInferHead } from './infer-head.ts';
import { createInference } from './inference.ts';
import { createMemoryBudget } from './memory-budget.ts';
import { findModel, type StageModel, stageModels } from './models.ts';
import { PRIORITY_HEADER } from './priority.ts';
import { programOf } from './program-access.ts';
import { type KserveRefusal, refusalAnswer } from './refusal.ts';

export type InferTarget = { readonly name: string; readonly version?: string };

export type InferHandler = {
  handle(request: IncomingMessage, response: ServerResponse, target: InferTarget): Promise<void>;
  close(): Promise<void>;
};

/** When to come again where our own bounds are reached, s: requests are short. */
const RETRY_AFTER_S = 1;
/** Longest time that a body nobody wants is read past, so that its sender sees the answer. */
const LINGER_MS_MAX = 5_000;
const fault: KserveRefusal = { http: 500, code: 'kserve-failed', why: 'a fault of the appliance' };

type Admitted = {
  readonly program: KserveProgram;
  readonly model: StageModel;
  readonly head: InferHead;
  readonly leave: () => void;
};

/**
 * Inference requests. Whoever may not ask, and whatever there is no room for, is answered before the body is read; a
 * place is given back when the engine is done with the request and its answer is gone, whichever is later.
 */
export function createInferHandler(deps: KserveDeps, ownHost: string): InferHandler {
  const { engine, limits, onEvent } = deps;
  const load = createRequestLoad(limits);
  const budget = createMemoryBudget(limits.bytesMax);
  const codec = createCodec();

  return { handle, close: () => codec.close() };

  async function handle(request: IncomingMessage, response: ServerResponse, target: InferTarget): Promise<void> {
    const caller = apiCallerOf(request);
    const program = programOf(caller, request, deps.programs, ownHost);
    const admitted = program.ok ? admit(request, program.value, target) : program;
    if (admitted.ok) return respond(request, response, admitted.value);
    const refusal = admitted.error;
    onEvent({ type: 'refused', address: caller.address, ...(program.ok && { program: program.value.name }), refusal });
    // Strangers are read past for as long as anywhere, programs until they see what they are told.
    if (!program.ok) return answerEarly(request, response, refusalAnswer(refusal));
    answerEarly(request, response, refusalAnswer(refusal), { bytesMax: limits.requestBytesMax, msMax: LINGER_MS_MAX });
  }

  function admit(
    { headers }: IncomingMessage,
    program: KserveProgram,
    { name, version }: InferTarget,
  ): Result<Admitted, KserveRefusal> {
    const model = findModel(stageModels(engine.models(), program.releases), name, version);
    if (!model.ok) return model;
    if (!model.value.model.ready)
      return err({ http: 503, code: 'kserve-not-ready', why: `"${name}"`, retryAfter_s: NOT_READY_RETRY_S });
    const head = readInferHead(headers, limits);
    if (!head.ok) return head;
    const full = (limit: KserveLimit, why: string): Result<never, KserveRefusal> => {
      onEvent({ type: 'limit', limit });
      return err({ http: 429, code: 'kserve-overloaded', why, retryAfter_s: RETRY_AFTER_S });
    };
    const place = load.enter(program);
    if (!place.ok) return full(place.error.limit, place.error.why);
    const giveBack = budget.take(head.value.jsonBytes + head.value.binaryBytes);
    if (giveBack === undefined) {
      place.value();
      return full('bytes', `requests under way hold ${budget.taken} of ${limits.bytesMax} bytes`);
    }
    const letGo = engine.keep(model.value.model.sha256);
    const leave = (): void => {
      letGo();
      giveBack();
      place.value();
    };
    return ok({ program, model: model.value, head: head.value, leave });
  }

  async function respond(request: IncomingMessage, response: ServerResponse, admitted: Admitted): Promise<void> {
    const { program, model, head, leave } = admitted;
    const begun_ms = deps.now_ms();
    const gone = new AbortController();
    const closed = new Promise<void>((resolve) => {
      response.once('close', () => {
        if (!response.writableFinished) gone.abort();
        resolve();
      });
    });
    const inference = createInference(deps, codec, admitted, request.headers[PRIORITY_HEADER]?.toString(), gone.signal);
    let [http, answerBytes] = [500, 0];
    let sent = false;
    let code: string | undefined;
    onEvent({ type: 'begun' });
    try {
      sayContinue(request, response);
      const onLimit = (limit: 'idle' | 'progress') => onEvent({ type: 'limit', limit });
      const body = await gatherBody(watchedBody(request, { ...deps, onLimit }), head);
      const result = await inference.run(body);
      if (!result.ok) code = result.error.cause ?? result.error.code;
      const answer = result.ok ? result.value : textAnswer(result.error);
      http = answer.status;
      const sending = sendAnswer(response, answer, limits.idle_ms);
      answerBytes = sending.bytes;
      sent = await sending.sent;
      await closed;
    } catch (error) {
      if (!(error instanceof BodyCutOff)) onEvent({ type: 'fault', error });
      // What has begun to be answered, or will not be read, ends here.
      if (response.headersSent || error instanceof BodyCutOff) request.destroy();
      else sent = await sendAnswer(response, textAnswer(fault), limits.idle_ms).sent;
      await closed;
    } finally {
      const { name, version } = model.model;
      onEvent({
        type: sent ? 'finished' : 'cut-off',
        ...{ program: program.name, release: { name, version }, http, code, priority: inference.priority() },
        ...{ bytes: head.jsonBytes + head.binaryBytes, answerBytes, duration_ms: deps.now_ms() - begun_ms },
      });
      await inference.settled();
      leave();
    }
  }
}
