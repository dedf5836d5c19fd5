import { describeError } from '@collimator/shared/errors/coded-error';
import type { Log } from '@collimator/shared/observe/log';
import type { After } from '../../timers.ts';

export type StageLoopDeps = {
  readonly stage: string;
  /** Does what is due and says when the next thing is; undefined when only `wake` brings more. */
  readonly pass: () => Promise<number | undefined>;
  readonly now: () => number;
  readonly after: After;
  readonly log: Log;
};

export type StageLoop = {
  /** There may be something to do. */
  wake(): void;
  start(): void;
  /** No pass begins after this; resolves when the one that runs has ended. */
  stop(): Promise<void>;
};

/** A pass that threw is tried again after this. */
const FAULT_PAUSE_MS = 1_000;
/** Longest sleep, so that a clock that was set back holds nothing up for long. */
const SLEEP_MOST_MS = 60_000;

/**
 * Runs one stage of the way: passes one after the other, never two at once, a pass whenever something is due or
 * somebody woke it. What is due is read from the database each time, so that a restart needs no memory of its own.
 */
export function createStageLoop(deps: StageLoopDeps): StageLoop {
  let state: 'new' | 'idle' | 'running' | 'stopped' = 'new';
  let again = false;
  let cancel: () => void = () => undefined;
  let current: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    let next_ms: number | undefined;
    try {
      next_ms = await deps.pass();
    } catch (error) {
      deps.log.event('study-stage-failed', { stage: deps.stage, reason: describeError(error) });
      next_ms = deps.now() + FAULT_PAUSE_MS;
      again = false;
    }
    if (state === 'stopped') return;
    state = 'idle';
    if (again) return go();
    if (next_ms !== undefined) cancel = deps.after(Math.min(SLEEP_MOST_MS, Math.max(0, next_ms - deps.now())), go);
  }

  function go(): void {
    if (state !== 'idle') return;
    state = 'running';
    again = false;
    cancel();
    current = run();
  }

  return {
    wake() {
      if (state === 'running') again = true;
      else go();
    },
    start() {
      if (state === 'new') state = 'idle';
      go();
    },
    async stop() {
      state = 'stopped';
      cancel();
      await current;
    },
  };
}
