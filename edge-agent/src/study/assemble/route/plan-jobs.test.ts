import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ActiveRelease } from './active-releases.ts';
import { planJobs, type SelectingRoute } from './plan-jobs.ts';
import type { SeriesFacts } from './select-series.ts';
import { exampleRelease, exampleSeries } from '../testing/example-series.ts';

const series = (seriesId: number, modality: string): SeriesFacts =>
  exampleSeries({ seriesId, modality, through: 10 * seriesId });
const active = (name: string, modality: string, priority: 'routine' | 'stat' = 'routine'): ActiveRelease =>
  exampleRelease(name, { modality: [modality] }, priority);
const route = (release: string, more: Partial<SelectingRoute> = {}): SelectingRoute => ({
  release,
  select: {},
  ...more,
});
const never = (): boolean => false;

describe('the jobs of a complete study', () => {
  const releases = new Map([active('a', 'MR'), active('b', 'CT', 'stat')].map((one) => [one.ref.name, one]));
  const activeOf = (name: string) => releases.get(name);

  it('one for each release and series that fit', () => {
    const plan = planJobs(
      [route('a'), route('b')],
      [series(1, 'MR'), series(2, 'CT'), series(3, 'MR')],
      activeOf,
      never,
    );
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
    expect(planJobs([route('a'), route('c')], [series(1, 'MR')], activeOf, never)).toMatchObject({
      waits: ['c'],
      jobs: [{ seriesId: 1 }],
    });
  });

  it('does not run a series again that has not changed', () => {
    const plan = planJobs([route('a')], [series(1, 'MR'), series(3, 'MR')], activeOf, ({ seriesId }) => seriesId === 1);
    expect(plan.jobs.map(({ seriesId }) => seriesId)).toEqual([3]);
    expect(plan.decisions[0]).toMatchObject({ selected: false, reasons: ['unchanged'] });
  });

  it('one for all routes that take a series, with the reasons of those that do not', () => {
    const routes = [
      route('a'),
      route('a', { name: 'large', select: { slices: { min: 11 } } }),
      route('a', { name: 'mine', select: { source: ['PACS1'] } }),
    ];
    const plan = planJobs(routes, [series(1, 'MR'), series(2, 'CT')], activeOf, never);
    expect(plan.jobs).toMatchObject([{ seriesId: 1, routes: ['a', 'mine'] }]);
    expect(plan.decisions.map((one) => [one.route, one.series, one.selected, one.reasons])).toEqual([
      ['a', 1, true, []],
      ['large', 1, false, ['route:slices-too-few']],
      ['mine', 1, true, []],
      ['a', 2, false, ['modality']],
      ['large', 2, false, ['modality', 'route:slices-too-few']],
      ['mine', 2, false, ['modality']],
    ]);
  });

  it('never plans the same key twice, however routes repeat', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'c')), fc.uniqueArray(fc.nat(20)), (names, ids) => {
        const { jobs } = planJobs(
          names.map((name, i) => route(name, { name: `r${i}` })),
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
