/** A study that may go: all that was made of it is delivered and nothing is under way. */
export type SettledStudy = { readonly studyId: number; readonly lastReceived_ms: number };

export type RetentionPolicy = {
  /** Fill of the disk from which studies are removed, 0 to 1. */
  readonly highWatermark: number;
  /** Nothing younger than this is removed. */
  readonly keepMin_ms: number;
  /** What is older than this is removed even where there is room; undefined keeps it. */
  readonly keepMax_ms: number | undefined;
};

/** Why a study is removed: the disk is full, it is old enough, or it was fetched for jobs that are over. */
export type RemovalReason = 'space' | 'age' | 'prior';

/**
 * Decides whether the oldest settled study is to go now. One at a time, the disk being looked at again after each: so
 * never more is removed than brings the disk below its watermark.
 *
 * @param oldest of all settled studies; undefined when there is none
 * @param used fill of the disk, 0 to 1
 */
export function planRemoval(
  oldest: SettledStudy | undefined,
  used: number,
  policy: RetentionPolicy,
  now_ms: number,
): { readonly studyId: number; readonly reason: RemovalReason } | undefined {
  if (oldest === undefined) return undefined;
  const { studyId, lastReceived_ms } = oldest;
  const age_ms = now_ms - lastReceived_ms;
  if (age_ms < policy.keepMin_ms) return undefined;
  if (used >= policy.highWatermark) return { studyId, reason: 'space' };
  if (policy.keepMax_ms !== undefined && age_ms >= policy.keepMax_ms) return { studyId, reason: 'age' };
  return undefined;
}

/**
 * Whether a study that was only fetched as a prior, and that no job waits for or is running on, is to go now: when the
 * disk is full, for it can be fetched again, or when it has been kept for as long as it may be of use to another job.
 */
export const priorIsDone = (
  lastReceived_ms: number,
  used: number,
  policy: Pick<RetentionPolicy, 'highWatermark'> & { readonly keepPriors_ms: number },
  now_ms: number,
): boolean => used >= policy.highWatermark || now_ms - lastReceived_ms >= policy.keepPriors_ms;
