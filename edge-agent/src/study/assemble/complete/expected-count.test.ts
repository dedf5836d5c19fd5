import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectedOf, type SeriesCount } from './expected-count.ts';

const counts = fc
  .dictionary(fc.constantFrom('1', '2', '3', '4', '5'), fc.nat(9))
  .map((some): SeriesCount[] =>
    Object.entries(some).map(([seriesInstanceUid, instances]) => ({ seriesInstanceUid, instances })),
  );
const sum = (some: readonly SeriesCount[]): number => some.reduce((all, { instances }) => all + instances, 0);

describe('what a source counts beside what is here', () => {
  it('says which series are whole and how many instances there will be', () => {
    const listed = [
      { seriesInstanceUid: 'whole', instances: 5 },
      { seriesInstanceUid: 'short', instances: 9 },
      { seriesInstanceUid: 'absent', instances: 2 },
      { seriesInstanceUid: 'result', instances: 1 },
    ];
    const held = [
      { seriesInstanceUid: 'whole', instances: 6 },
      { seriesInstanceUid: 'short', instances: 4 },
      { seriesInstanceUid: 'unlisted', instances: 3 },
    ];
    const { instances, whole } = expectedOf(listed, held, (uid) => uid === 'result');
    expect(instances).toBe(6 + 9 + 2 + 3);
    expect(whole.map(({ seriesInstanceUid }) => seriesInstanceUid)).toEqual(['whole']);
  });

  it('expects no more than is here exactly when every series that is listed, ours left out, is whole', () => {
    fc.assert(
      fc.property(counts, counts, fc.subarray(['1', '2', '3']), (listed, held, ours) => {
        const isOurs = (uid: string): boolean => ours.includes(uid);
        const { instances, whole } = expectedOf(listed, held, isOurs);
        const theirs = listed.filter(({ seriesInstanceUid }) => !isOurs(seriesInstanceUid));
        expect(instances).toBeGreaterThanOrEqual(sum(held));
        expect(instances === sum(held)).toBe(whole.length === theirs.length);
        // A source that names a series twice says no more than with its larger count.
        expect(expectedOf([...listed, ...listed], held, isOurs)).toEqual({ instances, whole });
      }),
    );
  });
});
