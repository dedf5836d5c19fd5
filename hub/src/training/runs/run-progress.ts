import type { RunSummary } from '@collimator/shared/contracts/http-api';
import type { TrainingEvent } from '../train/events.ts';

/** How far a run is: what its training process last said of each figure. */
export type RunProgress = Pick<
  RunSummary,
  'backend' | 'step' | 'steps_max' | 'loss' | 'val_dice' | 'dice' | 'parity_max_abs_diff' | 'cpu_s'
>;

export const noProgress = (stepsMax: number): RunProgress => ({
  backend: null,
  step: 0,
  steps_max: stepsMax,
  loss: null,
  val_dice: null,
  dice: null,
  parity_max_abs_diff: null,
  cpu_s: null,
});

/** The progress after one more event. */
export function advance(progress: RunProgress, event: TrainingEvent): RunProgress {
  const now = { ...progress, cpu_s: event.cpu_s };
  switch (event.type) {
    case 'backend':
      return { ...now, backend: event.backend };
    case 'step':
      return { ...now, step: event.step, steps_max: event.steps_max, loss: event.loss };
    case 'validation':
      return { ...now, val_dice: event.val_dice };
    case 'stopped':
      return { ...now, step: event.step, val_dice: event.best_val_dice };
    case 'test':
      return { ...now, dice: event.dice };
    case 'exported':
      return { ...now, parity_max_abs_diff: event.parity_max_abs_diff };
    case 'done':
      return { ...now, dice: event.dice, parity_max_abs_diff: event.parity_max_abs_diff };
    case 'data':
    case 'failed':
      return now;
  }
}
