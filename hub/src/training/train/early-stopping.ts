/** Where a run stands: its best validation so far and when it last got clearly better. Steps are counted from 1. */
export type Progress = {
  readonly best: number;
  readonly bestStep: number;
  /** Best value at the last clear improvement, and its step: what patience is counted from. */
  readonly mark: number;
  readonly markStep: number;
};

export const noProgress: Progress = { best: -1, bestStep: 0, mark: -1, markStep: 0 };

/** An improvement below this does not renew the patience; it still counts as the best. */
export const improvementMin = 0.001;

/** Takes in one validation. */
export function observe(progress: Progress, step: number, value: number): Progress {
  const better = value > progress.best;
  const clearly = value >= progress.mark + improvementMin;
  return {
    best: better ? value : progress.best,
    bestStep: better ? step : progress.bestStep,
    mark: clearly ? value : progress.mark,
    markStep: clearly ? step : progress.markStep,
  };
}

export type StopReason = 'patience' | 'steps_max';

/** Why the run ends after this step, or undefined to go on. */
export function stopReason(
  progress: Progress,
  step: number,
  limits: { readonly patienceSteps: number; readonly stepsMax: number },
): StopReason | undefined {
  if (step >= limits.stepsMax) return 'steps_max';
  return step - progress.markStep >= limits.patienceSteps ? 'patience' : undefined;
}
