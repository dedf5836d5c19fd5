import { describeError } from '@collimator/shared/errors/coded-error';
import type { Log } from '@collimator/shared/observe/log';
import type { RunCosts } from '../../store/sqlite-run-costs.ts';
import type { After } from '../../timers.ts';
import { type CostModel, createCostModel } from '../queue/schedule/cost-model.ts';

export type CostKeeper = {
  readonly costs: CostModel;
  /** Something was learned. */
  learned(): void;
  /** Keeps what was learned last; resolves when it is on the disk. */
  stop(): Promise<void>;
};

/** What was learned in this time is lost by a power cut, and learned again. */
const SAVE_AFTER_MS = 60_000;

/** What runs cost, as it was learned before, and kept while more is learned. */
export function createCostKeeper(deps: {
  readonly runCosts: RunCosts;
  readonly after: After;
  readonly log: Log;
}): CostKeeper {
  const costs = createCostModel({ restore: deps.runCosts.load() });
  let cancel: (() => void) | undefined;
  let saving: Promise<void> = Promise.resolve();

  async function save(): Promise<void> {
    try {
      await deps.runCosts.save(costs.snapshot());
    } catch (error) {
      // Without it the next start learns anew.
      deps.log.event('study-stage-failed', { stage: 'queue', reason: describeError(error) });
    }
  }

  return {
    costs,
    learned() {
      cancel ??= deps.after(SAVE_AFTER_MS, () => {
        cancel = undefined;
        saving = save();
      });
    },
    async stop() {
      await saving;
      if (cancel === undefined) return;
      cancel();
      cancel = undefined;
      await save();
    },
  };
}
