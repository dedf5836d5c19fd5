import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRemoval, type RetentionPolicy } from './plan-removal.ts';

const policy: RetentionPolicy = { highWatermark: 0.85, keepMin_ms: 100, keepMax_ms: undefined };
const study = { studyId: 1, lastReceived_ms: 1_000 };

describe('what is removed', () => {
  it.each([
    ['nothing while there is room', 0.84, 9_999, policy, undefined],
    ['the oldest when the disk is full', 0.85, 1_100, policy, { studyId: 1, reason: 'space' }],
    ['nothing that is too young, however full the disk is', 1, 1_099, policy, undefined],
    ['nothing when the clock was set back', 1, 0, policy, undefined],
    ['what is old enough', 0, 2_000, { ...policy, keepMax_ms: 1_000 }, { studyId: 1, reason: 'age' }],
    ['nothing that is not', 0, 1_999, { ...policy, keepMax_ms: 1_000 }, undefined],
  ])('%s', (_, used, now_ms, rules, expected) => {
    expect(planRemoval(study, used, rules, now_ms)).toEqual(expected);
  });

  it('is the oldest settled first, never more than needed, and nothing young or unsettled', () => {
    const studies = fc.array(
      fc.record({ bytes: fc.integer({ min: 1, max: 100 }), age_ms: fc.nat(300), settled: fc.boolean() }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(studies, fc.integer({ min: 1, max: 99 }), (drawn, percent) => {
        const total = 1_000;
        const rules = { ...policy, highWatermark: percent / 100 };
        const left = drawn.map((one, studyId) => ({ ...one, studyId, lastReceived_ms: 1_000 - one.age_ms }));
        const used = (): number => left.reduce((sum, { bytes }) => sum + bytes, 0) / total;
        const removed: typeof left = [];
        for (;;) {
          const settled = left.filter((one) => one.settled).sort((a, b) => a.lastReceived_ms - b.lastReceived_ms);
          const plan = planRemoval(settled[0], used(), rules, 1_000);
          if (plan === undefined) break;
          expect(used()).toBeGreaterThanOrEqual(rules.highWatermark);
          removed.push(
            ...left.splice(
              left.findIndex(({ studyId }) => studyId === plan.studyId),
              1,
            ),
          );
        }
        expect(removed.every(({ settled, age_ms }) => settled && age_ms >= rules.keepMin_ms)).toBe(true);
        const removable = left.some(({ settled, age_ms }) => settled && age_ms >= rules.keepMin_ms);
        expect(removable && used() >= rules.highWatermark, 'nothing is left undone').toBe(false);
        const youngest = Math.max(-1, ...removed.map(({ lastReceived_ms }) => lastReceived_ms));
        const older = left.filter((one) => one.settled && one.lastReceived_ms < youngest);
        expect(older, 'none is passed over').toEqual([]);
      }),
    );
  });
});
