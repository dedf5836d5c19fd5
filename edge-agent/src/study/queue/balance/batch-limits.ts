import type { BalancedJob } from './balanced-job.ts';

/** Batches that a device can hold, after it has run out of memory once: per device, release and stage. */
export type BatchLimits = {
  of(device: string, job: BalancedJob, stage: number): number | undefined;
  lower(device: string, job: BalancedJob, stage: number, items: number): void;
  forget(device: string): void;
};

export function createBatchLimits(): BatchLimits {
  const byDevice = new Map<string, Map<string, number>>();
  const keyOf = ({ release }: BalancedJob, stage: number): string => `${release.sha256} ${stage}`;
  return {
    of: (device, job, stage) => byDevice.get(device)?.get(keyOf(job, stage)),
    lower(device, job, stage, items) {
      const limits = byDevice.get(device) ?? new Map<string, number>();
      byDevice.set(device, limits.set(keyOf(job, stage), items));
    },
    forget: (device) => void byDevice.delete(device),
  };
}
