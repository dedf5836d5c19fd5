import type { Log } from '@collimator/shared/observe/log';
import { expect, it } from 'vitest';
import { addPriorMetrics, createPriorTally } from './prior-metrics.ts';

it('counts what the log says of priors, hands it on, and gives each figure its metric', () => {
  const passed: string[] = [];
  const inner: Log = { event: (name) => void passed.push(name) };
  const tally = createPriorTally();
  const log = tally.watch(inner);
  log.event('priors-asked', { job: 1, listed: 5, differing: 2, studies: 1, series: 2, to_fetch: 2 });
  log.event('priors-not-asked', { job: 2, attempt: 1, again: true, reason: 'priors-source-unreachable', detail: '' });
  log.event('prior-series-moved', { images: 3, attempt: 1, duration_ms: 1 });
  log.event('prior-series-not-moved', { reason: '', attempt: 1, again: false });
  log.event('priors-settled', { job: 1, outcome: 'found', studies: 1, series: 1, refused: false, waited_ms: 1 });
  log.event('priors-settled', { job: 2, outcome: 'late', studies: 0, series: 0, refused: true, waited_ms: 1 });
  expect(passed).toHaveLength(6);

  const samples = new Map<string, number>();
  addPriorMetrics(
    (name, _help, _labels, read) => {
      for (const [labels, value] of read()) samples.set([name, ...Object.values(labels)].join(' '), value);
    },
    () => ({ waiting: 3, ...tally.counts() }),
  );
  expect(Object.fromEntries(samples)).toEqual({
    collimator_priors_waiting_jobs: 3,
    'collimator_priors_requests_total found': 1,
    'collimator_priors_requests_total none': 0,
    'collimator_priors_requests_total late': 1,
    'collimator_priors_requests_total failed': 0,
    'collimator_priors_requests_total unknown': 0,
    'collimator_priors_studies_total listed': 5,
    'collimator_priors_studies_total differing': 2,
    'collimator_priors_series_total moved': 1,
    'collimator_priors_series_total failed': 1,
    collimator_priors_unanswered_total: 1,
  });
});
