import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlannedJob } from './plan-jobs.ts';
import { refuseUnsound } from './refuse-unsound.ts';

const job = (seriesId: number): PlannedJob => ({
  seriesId,
  seriesThrough: 9,
  slices: 3,
  releaseName: 'a',
  releaseVersion: '1.0.0',
  releaseSha256: 'sha',
  priority: 2,
  routes: [],
});
const whole = { images: 5, rejected: 0, replaced: 0 };
const series = (seriesId: number, patientKeys: readonly string[], studies = 1) => ({
  ...{ seriesId, patientKeys, studies },
  ...whole,
});

describe('jobs of studies that are not what they say', () => {
  it('run when there is one patient, also where nobody noted who', () => {
    const all = [series(1, ['x']), series(2, []), series(3, ['x'])];
    expect(refuseUnsound([job(1), job(2)], all)).toEqual({ jobs: [job(1), job(2)], refused: [] });
  });

  it.each([
    ['in one series', [series(1, ['x', 'y']), series(2, ['x'])]],
    ['in two series', [series(1, ['x']), series(2, ['y'])]],
    ['in a series that no job is for', [series(1, ['x']), series(2, ['x']), series(3, ['y'])]],
  ])('are all refused with two patients %s', (_, all) => {
    const { jobs, refused } = refuseUnsound([job(1), job(2)], all);
    expect(jobs).toEqual([]);
    expect(refused.map(({ seriesId, code }) => [seriesId, code])).toEqual([
      [1, 'study-patients-mixed'],
      [2, 'study-patients-mixed'],
    ]);
  });

  it('are refused for the series alone that is in two studies', () => {
    const { jobs, refused } = refuseUnsound([job(1), job(2)], [series(1, ['x'], 2), series(2, ['x'])]);
    expect(jobs).toEqual([job(2)]);
    expect(refused).toMatchObject([{ seriesId: 1, code: 'series-in-two-studies' }]);
  });

  it.each([
    ['nothing came', 0, ['series-partly-rejected']],
    ['less came', 1, ['series-partly-rejected']],
    ['as much came', 2, []],
    ['more came', 3, []],
  ])('are refused for a series of which two images were rejected when %s in their place', (_, replaced, codes) => {
    const facts = { ...series(1, ['x']), rejected: 2, replaced };
    const { jobs, refused } = refuseUnsound([job(1), job(2)], [facts, series(2, ['x'])]);
    expect(refused.map(({ code }) => code)).toEqual(codes);
    expect(jobs).toHaveLength(2 - codes.length);
  });

  it('are never lost and never both', () => {
    const facts = fc.array(
      fc.record({ patientKeys: fc.subarray(['x', 'y', 'z']), studies: fc.integer({ min: 1, max: 3 }) }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(facts, (drawn) => {
        const all = drawn.map((one, seriesId) => ({ ...whole, ...one, seriesId }));
        const wanted = all.map(({ seriesId }) => job(seriesId));
        const { jobs, refused } = refuseUnsound(wanted, all);
        const ids = [...jobs, ...refused].map(({ seriesId }) => seriesId).sort((a, b) => a - b);
        expect(ids).toEqual(wanted.map(({ seriesId }) => seriesId));
        const patients = new Set(all.flatMap(({ patientKeys }) => patientKeys)).size;
        expect(jobs.length > 0 && patients > 1).toBe(false);
      }),
    );
  });
});
