import type { Log } from '@collimator/shared/observe/log';
import { expect, it } from 'vitest';
import { addAssemblyMetrics, createAssemblyTally } from './assembly-metrics.ts';

it('counts what the log says, hands it on, and gives each figure its metric', () => {
  const passed: string[] = [];
  const inner: Log = { event: (name) => void passed.push(name) };
  const tally = createAssemblyTally();
  const log = tally.watch(inner);
  log.event('rejection-noted', { instance: 1, reason: 'quality', references: 3, jobs: 1 });
  log.event('result-withdrawn', { job: 1, unsent: 0, destinations: 1 });
  log.event('study-late-images-ignored', { study: 1, images: 4 });
  for (const number of [1, 2, 3])
    log.event('study-complete', { study: 1, revision: number, number, series: 1, jobs: 1, waiting: 0 });
  log.event('source-count', { study: 1, source: 'A', expected: 3, held: 3 });
  log.event('rejections-forgotten', { instances: 7 });
  expect(passed).toHaveLength(8);

  const samples = new Map<string, number>();
  addAssemblyMetrics(
    (name, _help, _labels, read) => {
      for (const [labels, value] of read()) samples.set([name, ...Object.values(labels)].join(' '), value);
    },
    () => tally.counts(),
  );
  expect(Object.fromEntries(samples)).toEqual({
    'collimator_rejection_notes_total quality': 1,
    'collimator_rejection_notes_total patient-safety': 0,
    'collimator_rejection_notes_total worklist': 0,
    'collimator_rejection_notes_total retention': 0,
    collimator_jobs_withdrawn_total: 1,
    collimator_rejections_forgotten_total: 7,
    collimator_late_images_ignored_total: 4,
    'collimator_study_revisions_total first': 1,
    'collimator_study_revisions_total later': 2,
    'collimator_source_counts_total answered': 1,
    'collimator_source_counts_total missing': 0,
  });
});
