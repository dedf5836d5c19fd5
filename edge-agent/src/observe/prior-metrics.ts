import type { Log } from '@collimator/shared/observe/log';
import { type Ask, by } from './ask.ts';

/** What became of priors since the start; `waiting` is of now. */
export type PriorFigures = {
  readonly waiting: number;
  /** Jobs by what became of what they asked for. */
  readonly requests: Readonly<Record<string, number>>;
  /** Studies that the PACS named, and those of them that are not surely of the same patient. */
  readonly listed: number;
  readonly differing: number;
  readonly series: { readonly moved: number; readonly failed: number };
  readonly unanswered: number;
};

export type PriorTally = {
  /** The same log; what goes through it is counted. */
  watch(log: Log): Log;
  counts(): Omit<PriorFigures, 'waiting'>;
};

/** Counts by the events that say what was done, so that the figures and the audit log cannot differ. */
export function createPriorTally(): PriorTally {
  const requests: Record<string, number> = { found: 0, none: 0, late: 0, failed: 0, unknown: 0 };
  const seen = { listed: 0, differing: 0, moved: 0, failed: 0, unanswered: 0 };
  const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

  function count(name: string, fields: Readonly<Record<string, unknown>>): void {
    if (name === 'priors-settled') {
      const outcome = String(fields['outcome']);
      if (outcome in requests) requests[outcome] = (requests[outcome] ?? 0) + 1;
    } else if (name === 'priors-asked') {
      seen.listed += number(fields['listed']);
      seen.differing += number(fields['differing']);
    } else if (name === 'prior-series-moved') seen.moved += 1;
    else if (name === 'prior-series-not-moved') seen.failed += 1;
    else if (name === 'priors-not-asked') seen.unanswered += 1;
  }

  return {
    watch: (log) => ({
      event(name, fields) {
        count(name, fields ?? {});
        log.event(name, fields);
      },
    }),
    counts() {
      const { listed, differing, moved, failed, unanswered } = seen;
      return { requests: { ...requests }, listed, differing, series: { moved, failed }, unanswered };
    },
  };
}

export function addPriorMetrics(ask: Ask, figures: () => PriorFigures): void {
  ask('collimator_priors_waiting_jobs', 'Jobs that wait for priors', [], () => [[{}, figures().waiting]]);
  ask('collimator_priors_requests_total', 'Jobs that asked for priors, by what became of that', ['outcome'], () =>
    by('outcome', figures().requests),
  );
  ask('collimator_priors_studies_total', 'Studies that the PACS named, and those of other patients', ['kind'], () =>
    by('kind', { listed: figures().listed, differing: figures().differing }),
  );
  ask('collimator_priors_series_total', 'Series that the PACS was to send, by what came', ['outcome'], () =>
    by('outcome', figures().series),
  );
  ask('collimator_priors_unanswered_total', 'Questions for priors that were not answered as they should be', [], () => [
    [{}, figures().unanswered],
  ]);
}
