import { join } from 'node:path';
import type { Priors as PriorSettings } from '@collimator/shared/contracts/agent-config/priors';
import { describeError } from '@collimator/shared/errors/coded-error';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import { peerOf } from '../../config/dicom-settings.ts';
import type { Jobs } from '../../store/sqlite-jobs.ts';
import type { PriorFetches } from '../../store/sqlite-prior-fetches.ts';
import type { PriorRequest, SqlitePriors } from '../../store/sqlite-priors.ts';
import type { After } from '../../timers.ts';
import type { SliceReader } from '../decode/slice-reader.ts';
import { createStageLoop, type StageLoop } from '../queue/stage-loop.ts';
import { askSource } from './ask-source.ts';
import { createBoundedTasks } from './bounded-tasks.ts';
import { canBeAsked, type CurrentStudy } from './choose-priors.ts';
import { moveStudy } from './move-study.ts';
import type { PriorFailure } from './prior-failure.ts';
import { readStudyOf } from './read-current-study.ts';
import { createSettler } from './settler.ts';

export type PriorStageDeps = {
  /** Undefined where no PACS is named that has priors. */
  readonly settings: PriorSettings | undefined;
  /** Ours: it calls at the PACS, and the PACS sends to it. */
  readonly aeTitle: string;
  readonly priors: SqlitePriors;
  readonly fetches: PriorFetches;
  readonly jobs: Jobs;
  readonly reader: Pick<SliceReader, 'readSubject'>;
  /** Absolute. */
  readonly dataDir: string;
  readonly now: () => number;
  readonly after: After;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
  /** A job waits no longer, or has been refused. */
  readonly onSettled: () => void;
};

export type PriorStage = StageLoop & {
  /** An image of this study has arrived that was fetched. */
  arrived(studyInstanceUid: string): void;
};

/** Requests looked at in one pass; the next follows at once. */
const BATCH = 64;
/** Questions at a time. */
const ASKS_MAX = 4;
/** Series that failed are remembered for so long: the row is what late images of it are known by. */
const FORGET_MS = 86_400_000;

/**
 * Gets jobs the priors that their releases ask for: asks the PACS what there is, has it send that, and lets the job go
 * when all is here, when it is known that no more will come, or when its time is over. What is to be done stands in the
 * database, so a restart goes on where it was; questions and transfers run in the background, and hold up no deadline.
 */
export function createPriorStage(deps: PriorStageDeps): PriorStage {
  const { settings, priors, fetches, now, log, after } = deps;
  const waiting = new Map<string, Set<() => void>>();
  /** The table calls series moving that nobody moves: at the start, and after a fault of ours. */
  let resume = true;
  let stopped = false;
  const onEnd = (error?: unknown): void => {
    if (error !== undefined) {
      log.event('study-stage-failed', { stage: 'priors', reason: describeError(error) });
      resume = true;
    }
    if (!stopped) loop.wake();
  };
  const asks = createBoundedTasks(ASKS_MAX, onEnd);
  const moves = createBoundedTasks(settings?.concurrent_moves_max ?? 1, onEnd);
  const settler = createSettler({ ...deps, currentStudy });
  const loop = createStageLoop({ stage: 'priors', pass, now, after, log });

  async function pass(): Promise<number | undefined> {
    const at = now();
    if (resume) await fetches.resume(moves.names(), at);
    resume = false;
    await priors.dropIdle(at);
    await priors.setDeadlines(at);
    const due = priors.toSettle(at, BATCH);
    for (const request of due) await settler.settle(request);
    await fetches.dropUnwanted(at, at - FORGET_MS);
    for (const study of moves.names()) if (fetches.deadline_ms(study) === undefined) moves.end(study);
    for (const request of priors.toAsk(at, BATCH)) if (!stopped) await ask(request);
    for (const { studyInstanceUid: study } of fetches.due(at, BATCH))
      if (!stopped && moves.free() > 0 && !moves.has(study)) startMove(study);
    // What is due by now and waits for room is looked at when a task ends.
    return due.length === BATCH ? at : earliest(priors.next_ms(at), fetches.next_ms(at));
  }

  async function ask(request: PriorRequest): Promise<void> {
    const name = String(request.jobId);
    if (settings === undefined) return settler.end(request, 'priors-not-configured');
    if (asks.free() === 0 || asks.has(name)) return;
    const current = await currentStudy(request.jobId);
    if (current === undefined || !canBeAsked(current)) return settler.end(request, 'priors-unknown-patient');
    asks.run(name, (signal) => untilDeadline(request.deadline_ms, signal, (until) => answer(request, current, until)));
  }

  async function answer(request: PriorRequest, current: CurrentStudy, signal: AbortSignal): Promise<void> {
    if (settings === undefined) return;
    const { jobId } = request;
    const peer = peerOf({ ...settings.source, timeouts: settings.timeouts }, deps.aeTitle);
    const answered = await askSource(peer, current, request.wants, signal);
    if (signal.aborted) return; // Out of time, or the appliance stops: the request is as it was.
    if (!answered.ok) return notAnswered(request, answered.error);
    deps.checkpoint('priors-answered');
    const { listed, differing, series } = answered.value;
    const missing = await priors.answered(request, answered.value, settings.series_images_max, now());
    if (missing === undefined) return;
    deps.checkpoint('priors-to-fetch');
    const studies = new Set(series.map(({ studyInstanceUid }) => studyInstanceUid)).size;
    log.event('priors-asked', { job: jobId, listed, differing, studies, series: series.length, to_fetch: missing });
  }

  async function notAnswered(request: PriorRequest, { reason, again, detail }: PriorFailure): Promise<void> {
    const attempt = request.attempts + 1;
    const retried = again && attempt < (settings?.retry.attempts_max ?? 1);
    log.event('priors-not-asked', { job: request.jobId, attempt, again: retried, reason, detail });
    if (retried) await priors.unanswered(request, now() + wait_ms(attempt));
    else await settler.end(request, reason);
  }

  function startMove(study: string): void {
    if (settings === undefined) return;
    const peer = peerOf({ ...settings.source, timeouts: settings.timeouts }, deps.aeTitle);
    moves.run(study, (signal) =>
      untilNobodyWaits(study, signal, (until) =>
        moveStudy(study, until, {
          ...{ peer, fetches, now, after, log, wait_ms, checkpoint: deps.checkpoint, destination: deps.aeTitle },
          deadline_ms: () => fetches.deadline_ms(study) ?? now(),
          idle_ms: 1000 * settings.timeouts.move_idle_s,
          attemptsMax: settings.retry.attempts_max,
          stopping: () => stopped,
          onArrival,
        }),
      ),
    );
  }

  /** Later from attempt to attempt. */
  function wait_ms(attempt: number): number {
    const { first_s, most_s } = settings?.retry ?? { first_s: 0, most_s: 0 };
    return 1000 * Math.min(most_s, first_s * 2 ** Math.min(30, attempt - 1));
  }

  /** Whose job it is and when it was, of the first image that can be read. */
  async function currentStudy(jobId: number): Promise<CurrentStudy | undefined> {
    const row = deps.jobs.get(jobId);
    for (const path of row === undefined ? [] : deps.jobs.images(row)) {
      const study = await readStudyOf(deps.reader, join(deps.dataDir, path));
      if (study !== undefined) return study;
    }
    return undefined;
  }

  /** Runs something whose signal is given at the deadline, or before it by `signal`. */
  async function untilDeadline(
    deadline_ms: number,
    signal: AbortSignal,
    run: (until: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const own = new AbortController();
    const end = (): void => own.abort();
    signal.addEventListener('abort', end, { once: true });
    const cancel = after(Math.max(0, deadline_ms - now()), end);
    try {
      await run(own.signal);
    } finally {
      cancel();
      signal.removeEventListener('abort', end);
    }
  }

  /** The same for a study that others may come to wait for in the meantime. */
  async function untilNobodyWaits(
    study: string,
    signal: AbortSignal,
    run: (until: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const own = new AbortController();
    const end = (): void => own.abort();
    signal.addEventListener('abort', end, { once: true });
    let cancel: () => void = () => undefined;
    const watch = (): void => {
      const left_ms = (fetches.deadline_ms(study) ?? 0) - now();
      if (left_ms > 0) cancel = after(left_ms, watch);
      else end();
    };
    watch();
    try {
      await run(own.signal);
    } finally {
      cancel();
      signal.removeEventListener('abort', end);
    }
  }

  function onArrival(study: string, arrived: () => void): () => void {
    const all = waiting.get(study) ?? new Set();
    waiting.set(study, all.add(arrived));
    return () => {
      all.delete(arrived);
      if (all.size === 0) waiting.delete(study);
    };
  }

  return {
    ...loop,
    arrived(study) {
      for (const one of waiting.get(study) ?? []) one();
    },
    async stop() {
      stopped = true;
      await Promise.all([loop.stop(), asks.stop(), moves.stop()]);
    },
  };
}

const earliest = (...times: readonly (number | undefined)[]): number | undefined => {
  const known = times.filter((one) => one !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
};
