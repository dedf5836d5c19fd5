import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ActiveRelease } from './active-releases.ts';
import { planUnmatched, type UnmatchedRoute } from './plan-unmatched.ts';
import type { SeriesFacts } from './select-series.ts';
import { exampleRelease, exampleSeries } from '../testing/example-series.ts';

const series = (seriesId: number, modality: string, slices = 10): SeriesFacts =>
  exampleSeries({ seriesId, modality, description: 'Name of a person', slices, through: 100 + seriesId });
const active = (name: string, modality: string): ActiveRelease =>
  exampleRelease(name, { modality: [modality], slices: { min: 5, max: 99 } });
const route = (release: string, more: Partial<UnmatchedRoute> = {}): UnmatchedRoute => ({
  release,
  select: {},
  objects: ['SEG', 'SR'],
  unmatched: 'report',
  ...more,
});
const planned = (routes: UnmatchedRoute[], all: readonly SeriesFacts[], active: readonly ActiveRelease[]) =>
  planUnmatched(routes, routes, all, (name) => active.find(({ ref }) => ref.name === name));

describe('a study that no active release takes', () => {
  const releases = [active('a', 'MR'), active('b', 'CT')];

  it('is answered by each route that asks for it, on its largest series, with the conditions that failed', () => {
    const plan = planned([route('a'), route('b')], [series(1, 'US', 3), series(2, 'US', 20)], releases);
    expect(plan).toMatchObject([
      { releaseName: 'a', seriesId: 2, seriesThrough: 102, code: 'study-unmatched' },
      { releaseName: 'b', seriesId: 2 },
    ]);
    expect(plan[0]?.detail).toBe('none of 2 series is for this model: modality (2), slices-too-few (1)');
  });

  it.each<[string, UnmatchedRoute[], SeriesFacts[], ActiveRelease[]]>([
    [
      'where one series is taken by any route',
      [route('a'), route('b', { unmatched: 'ignore' })],
      [series(1, 'US'), series(2, 'CT')],
      releases,
    ],
    ['where the route ignores it', [route('a', { unmatched: 'ignore' })], [series(1, 'US')], releases],
    ['where the route wants no report', [route('a', { objects: ['SEG'] })], [series(1, 'US')], releases],
    ['where the release is not active', [route('a')], [series(1, 'US')], [active('b', 'CT')]],
    ['without a series', [route('a')], [], releases],
  ])('is not answered %s', (_, routes, all, actives) => {
    expect(planned(routes, all, actives)).toEqual([]);
  });

  it('is answered once for each release, by all its routes that ask, with the conditions of each', () => {
    const routes = [route('a', { name: 'x', select: { source: ['CT1'] } }), route('a', { name: 'y' })];
    expect(planned(routes, [series(1, 'US')], releases)).toMatchObject([
      { routes: ['x', 'y'], detail: 'none of 1 series is for this model: modality (2), route:source (1)' },
    ]);
  });

  it('is answered where only the condition of a route leaves it out', () => {
    const only = [route('a', { select: { modality: ['CT'] } })];
    expect(planned(only, [series(1, 'MR')], releases)).toMatchObject([{ routes: ['a'] }]);
  });

  it('is answered at most once for each route, and in words that no image has a say in', () => {
    const text = fc.string({ minLength: 4 });
    const facts = fc.record({ modality: text, bodyPart: text, description: text });
    fc.assert(
      fc.property(fc.array(facts, { minLength: 1, maxLength: 5 }), (all) => {
        const plan = planned(
          [route('a'), route('b')],
          all.map((one, i) => ({ ...series(i, 'US'), ...one })),
          releases,
        );
        expect(plan.map(({ releaseName }) => releaseName)).toEqual(['a', 'b']);
        for (const { detail } of plan) expect(detail).toMatch(/^none of \d series is for this model: modality \(\d\)$/);
      }),
    );
  });
});
