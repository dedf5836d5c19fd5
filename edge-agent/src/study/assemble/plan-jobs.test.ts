import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Release } from '@collimator/shared/contracts/release';
import type { ActiveRelease } from './active-releases.ts';
import { planJobs } from './plan-jobs.ts';
import type { SeriesFacts } from './select-series.ts';

const series = (seriesId: number, modality: string): SeriesFacts => ({
  seriesId,
  modality,
  bodyPart: '',
  description: '',
  sopClassUids: [],
  orientations: [],
  patientKeys: [],
  studies: 1,
  slices: 10,
  through: 10 * seriesId,
});
const active = (name: string, modality: string, priority = 'routine'): ActiveRelease => ({
  ref: { name, version: '1.0.0', sha256: name.padEnd(64, '0') },
  folder: '/',
  release: { selector: { modality: [modality] }, priority } as unknown as Release,
});
const never = (): boolean => false;

describe('the jobs of a complete study', () => {
  const releases = new Map([active('a', 'MR'), active('b', 'CT', 'stat')].map((one) => [one.ref.name, one]));
  const activeOf = (name: string) => releases.get(name);

  it('one for each release and series that fit', () => {
    const plan = planJobs(['a', 'b'], [series(1, 'MR'), series(2, 'CT'), series(3, 'MR')], activeOf, never);
    expect(plan.jobs.map((job) => [job.releaseName, job.seriesId, job.priority, job.seriesThrough])).toEqual([
      ['a', 1, 2, 10],
      ['a', 3, 2, 30],
      ['b', 2, 0, 20],
    ]);
    expect(plan.decisions.filter(({ selected }) => !selected).map(({ reasons }) => reasons)).toEqual([
      ['modality'],
      ['modality'],
      ['modality'],
    ]);
  });

  it('waits for a release that is not active', () => {
    expect(planJobs(['a', 'c'], [series(1, 'MR')], activeOf, never)).toMatchObject({
      waits: ['c'],
      jobs: [{ seriesId: 1 }],
    });
  });

  it('does not run a series again that has not changed', () => {
    const plan = planJobs(['a'], [series(1, 'MR'), series(3, 'MR')], activeOf, ({ seriesId }) => seriesId === 1);
    expect(plan.jobs.map(({ seriesId }) => seriesId)).toEqual([3]);
    expect(plan.decisions[0]).toMatchObject({ selected: false, reasons: ['unchanged'] });
  });

  it('never plans the same key twice, however routes repeat', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'c')), fc.uniqueArray(fc.nat(20)), (names, ids) => {
        const { jobs } = planJobs(
          names,
          ids.map((id) => series(id, 'MR')),
          activeOf,
          never,
        );
        expect(new Set(jobs.map((job) => `${job.seriesId} ${job.releaseSha256}`)).size).toBe(jobs.length);
        expect(jobs).toHaveLength(names.includes('a') ? ids.length : 0);
      }),
    );
  });
});
