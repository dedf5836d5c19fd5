import type { StageWork } from '../../infer/tasks.ts';
import type { BalancedJob, JobStep } from './balanced-job.ts';

/** What follows the plan of a job, as far as earlier jobs of its release tell: items grow with the images. */
export type ExpectedSteps = {
  of(job: BalancedJob): readonly JobStep[];
  learn(job: BalancedJob, work: StageWork): void;
};

/** Releases whose last plan is remembered; the oldest is forgotten. */
const RELEASES_MAX = 64;

export function createExpectedSteps(): ExpectedSteps {
  const last = new Map<string, { readonly work: StageWork; readonly images: number }>();
  return {
    of({ release, images }) {
      const seen = last.get(release.sha256);
      if (seen === undefined) return [];
      const items = Math.max(1, Math.round((seen.work.items * images) / Math.max(1, seen.images)));
      const work = { ...seen.work, items: seen.work.items === 1 ? 1 : items };
      return [
        { type: 'items', work },
        { type: 'conclude', work },
      ];
    },
    learn({ release, images }, work) {
      last.delete(release.sha256);
      last.set(release.sha256, { work, images });
      for (const oldest of last.keys()) if (last.size > RELEASES_MAX) last.delete(oldest);
    },
  };
}
