import type { ScheduledJob, Step } from './scheduler.ts';

/** Throws for what no job can be: whoever makes steps of nothing would wait for ever. */
export function checkJob({ id, share, steps }: ScheduledJob): void {
  if (!(share > 0)) throw new Error(`job ${id} has a share of ${share}`);
  for (const step of steps) checkStep(id, step);
}

export function checkStep(jobId: string, { items, chunkItemsMax }: Step): void {
  if (isCount(items) && isCount(chunkItemsMax)) return;
  throw new Error(`job ${jobId} has a step of ${items} items in chunks of ${chunkItemsMax}`);
}

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 1;
