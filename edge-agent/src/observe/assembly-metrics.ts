import type { Log } from '@collimator/shared/observe/log';
import { type Ask, by } from './ask.ts';

/** What assembling met since the start. */
export type AssemblyCounts = {
  /** Rejection notes by reason. */
  readonly notes: Readonly<Record<string, number>>;
  readonly jobsWithdrawn: number;
  readonly rejectionsForgotten: number;
  readonly lateImagesIgnored: number;
  /** Studies taken in: for the first time, and again. */
  readonly revisions: { readonly first: number; readonly later: number };
  /** Questions to sources how many images a study has. */
  readonly sourceCounts: { readonly answered: number; readonly missing: number };
};

export type AssemblyTally = {
  /** The same log; what goes through it is counted. */
  watch(log: Log): Log;
  counts(): AssemblyCounts;
};

/** Counts by the events that say what was done, so that the figures and the audit log cannot differ. */
export function createAssemblyTally(): AssemblyTally {
  const notes: Record<string, number> = { quality: 0, 'patient-safety': 0, worklist: 0, retention: 0 };
  const seen = { withdrawn: 0, forgotten: 0, late: 0, first: 0, later: 0, answered: 0, missing: 0 };
  const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

  function count(name: string, fields: Readonly<Record<string, unknown>>): void {
    switch (name) {
      case 'rejection-noted': {
        const reason = String(fields['reason']);
        if (reason in notes) notes[reason] = (notes[reason] ?? 0) + 1;
        return;
      }
      case 'result-withdrawn':
        seen.withdrawn += 1;
        return;
      case 'rejections-forgotten':
        seen.forgotten += number(fields['instances']);
        return;
      case 'study-late-images-ignored':
        seen.late += number(fields['images']);
        return;
      case 'study-complete':
        if (number(fields['number']) > 1) seen.later += 1;
        else seen.first += 1;
        return;
      case 'source-count':
        seen.answered += 1;
        return;
      case 'source-count-missing':
        seen.missing += 1;
    }
  }

  return {
    watch: (log) => ({
      event(name, fields) {
        count(name, fields ?? {});
        log.event(name, fields);
      },
    }),
    counts: () => ({
      notes: { ...notes },
      jobsWithdrawn: seen.withdrawn,
      rejectionsForgotten: seen.forgotten,
      lateImagesIgnored: seen.late,
      revisions: { first: seen.first, later: seen.later },
      sourceCounts: { answered: seen.answered, missing: seen.missing },
    }),
  };
}

export function addAssemblyMetrics(ask: Ask, counts: () => AssemblyCounts): void {
  ask('collimator_rejection_notes_total', 'Rejection notes since the start, by reason', ['reason'], () =>
    by('reason', counts().notes),
  );
  ask('collimator_jobs_withdrawn_total', 'Jobs whose results were withdrawn because images were rejected', [], () => [
    [{}, counts().jobsWithdrawn],
  ]);
  ask('collimator_rejections_forgotten_total', 'Rejected images that are not remembered any more', [], () => [
    [{}, counts().rejectionsForgotten],
  ]);
  ask('collimator_late_images_ignored_total', 'Images that came too late and were not used', [], () => [
    [{}, counts().lateImagesIgnored],
  ]);
  ask('collimator_study_revisions_total', 'Studies taken in for the first time, and again', ['kind'], () =>
    by('kind', counts().revisions),
  );
  ask('collimator_source_counts_total', 'Questions to sources how many images a study has', ['outcome'], () =>
    by('outcome', counts().sourceCounts),
  );
}
