import { err, ok, type Result } from '@collimator/shared/result';
import type { ActiveRelease } from '../assemble/route/active-releases.ts';
import type { AttemptEnd, BalancedJob } from '../queue/balance/balanced-job.ts';
import type { Engine, Ticket } from './engine.ts';
import type { TensorEngine, TensorFailure, TensorRequest } from './tensor-engine.ts';
import type { ModelTensor } from './worker/model-session.ts';

export type RequestEngineDeps = {
  readonly engine: Engine;
  readonly now: () => number;
  /** Requests that wait for a worker or are with one; beyond that they are turned away. */
  readonly requestsMax: number;
};

type Answer = Result<readonly ModelTensor[], TensorFailure>;

/** Weight of a new reading. */
const NEW_WEIGHT = 0.2;
const RETRY_AFTER_S_MAX = 120;

/**
 * Requests of other programs as jobs of one step with one item. A worker that dies of one is an attempt more; an answer
 * that cannot be is asked for once more of another device.
 */
export function createRequestEngine({ engine, now, requestsMax }: RequestEngineDeps): TensorEngine & { stop(): void } {
  const open = new Map<string, (answer: Answer) => void>();
  /** Releases that requests are on their way to, and by how many. */
  const kept = new Map<string, { readonly release: ActiveRelease; by: number }>();
  let ids = 0;
  let service_ms = 1_000;
  let stopped = false;

  /** When the requests that are here will have been answered, as the last ones went. */
  function retryAfter_s(sha256: string): number {
    const places = Math.max(1, engine.ready(sha256, false).length);
    return Math.min(RETRY_AFTER_S_MAX, Math.max(1, Math.ceil((open.size * service_ms) / places / 1000)));
  }

  function attempt(
    request: TensorRequest,
    of: Pick<BalancedJob, 'id' | 'release' | 'arrival_ms' | 'avoid' | 'unsoundBefore'>,
    suspect?: { readonly device: string; readonly code: string },
  ): void {
    const { sha256: releaseSha256, stage, inputs, outputs, priority, signal } = request;
    const shape = inputs.map(({ dims }) => dims.join('×')).join(' ');
    const job: BalancedJob = {
      ...{ ...of, priority, share: 1, images: 1, unattestedAllowed: false, deaths: 0 },
      request: { stage, shape },
    };
    let begun_ms = now();
    const ticket: Ticket = {
      ...{ job, jobId: undefined },
      begin() {
        begun_ms = now();
        if (signal.aborted || stopped) settle(job.id, cancelled);
        return Promise.resolve(open.has(job.id));
      },
      task: () => ({ type: 'tensors', releaseSha256, stage, inputs, outputs }),
      computed: () => undefined,
      noteDeath: () => undefined,
      ended(end, device) {
        if (end.how === 'answered' && suspect !== undefined && suspect.device !== device)
          engine.blame(suspect.device, suspect.code);
        if (end.how !== 'suspect' || !open.has(job.id)) return settle(job.id, answerOf(end));
        const others = engine.ready(releaseSha256, false).filter((other) => other !== device);
        const again = { ...of, id: `${of.id}'`, unsoundBefore: true, avoid: others.length > 0 ? [device] : [] };
        const waiting = open.get(job.id);
        open.delete(job.id);
        if (waiting !== undefined) open.set(again.id, waiting);
        attempt(request, again, { device, code: end.code });
      },
      released: () => undefined,
    };
    const settle = (id: string, answer: Answer): void => {
      if (answer.ok) service_ms += NEW_WEIGHT * (now() - begun_ms - service_ms);
      open.get(id)?.(answer);
      open.delete(id);
    };
    signal.addEventListener(
      'abort',
      () => {
        // One that runs already is answered to nobody.
        engine.drop(job.id);
        settle(job.id, cancelled);
      },
      { once: true },
    );
    engine.add(ticket);
  }

  const released = (sha256: string): ActiveRelease | undefined =>
    kept.get(sha256)?.release ?? engine.served().find(({ ref }) => ref.sha256 === sha256);

  return {
    models: () =>
      engine
        .served()
        .map(({ ref, release }) => ({ ...ref, release, ready: engine.ready(ref.sha256, false).length > 0 })),
    keep(sha256) {
      const release = released(sha256);
      if (release === undefined) return () => undefined;
      const one = kept.get(sha256) ?? { release, by: 0 };
      one.by += 1;
      kept.set(sha256, one);
      const letGo = engine.keep(sha256);
      let over = false;
      return () => {
        if (over) return;
        over = true;
        one.by -= 1;
        if (one.by === 0) kept.delete(sha256);
        letGo();
      };
    },
    infer(request) {
      const { sha256, signal } = request;
      const active = released(sha256);
      if (stopped || active === undefined || active.release.stages[request.stage] === undefined)
        return Promise.resolve(failed('not-ready', 'inference-release-unknown', `${sha256}, stage ${request.stage}`));
      if (signal.aborted) return Promise.resolve(cancelled);
      if (open.size >= requestsMax)
        return Promise.resolve(err({ how: 'overloaded', retryAfter_s: retryAfter_s(sha256) }));
      return new Promise((resolve) => {
        const id = `request ${++ids}`;
        open.set(id, resolve);
        attempt(request, { id, release: active.ref, arrival_ms: now(), avoid: [], unsoundBefore: false });
      });
    },
    stop() {
      stopped = true;
      for (const resolve of open.values()) resolve(failed('not-ready', 'inference-stopped', 'the appliance stops'));
      open.clear();
    },
  };
}

const failed = (how: 'not-ready' | 'failed', code: string, detail: string): Answer => err({ how, code, detail });
const cancelled = failed('failed', 'inference-request-cancelled', 'nobody waits for the answer any more');

function answerOf(end: AttemptEnd): Answer {
  if (end.how === 'answered') return ok(end.outputs);
  if (end.how === 'inferred') throw new Error('a request has no result objects');
  return failed(end.how === 'interrupted' ? 'not-ready' : 'failed', end.code, end.detail);
}
