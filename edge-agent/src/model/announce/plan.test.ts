import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plan, retryDelayMs, retryFirstMs, retryMostMs, type AssignedState } from './plan.ts';

const now = new Date('2026-11-23T12:00:00Z');
const ref = (digit: string) => ({ name: 'brain', version: '1.0.0', sha256: digit.repeat(64) });
const assigned = (over: Partial<AssignedState> = {}): AssignedState => ({
  ref: ref('b'),
  serial: 2,
  phase: 'announced',
  reported: true,
  retryAt: undefined,
  ...over,
});
const later = new Date(now.getTime() + 1);

test.each([
  ['nothing assigned', undefined, undefined, 'nothing'],
  ['a first release', undefined, assigned(), 'install'],
  ['another release', ref('a'), assigned(), 'install'],
  ['what runs already', ref('b'), assigned(), 'confirm'],
  ['active, but a crash came before the report', ref('b'), assigned({ phase: 'active', reported: false }), 'confirm'],
  ['active and reported', ref('b'), assigned({ phase: 'active' }), 'nothing'],
  ['interrupted when staged', ref('a'), assigned({ phase: 'staged' }), 'install'],
  ['refused a moment ago', ref('a'), assigned({ phase: 'refused', retryAt: later }), 'wait'],
  ['refused, and its time has come', ref('a'), assigned({ phase: 'refused', retryAt: now }), 'install'],
  ['a broken active folder that fell back', ref('a'), assigned({ phase: 'active' }), 'install'],
])('%s', (_, active, state, kind) => expect(plan(active, state, now).kind).toBe(kind));

test('what runs and is confirmed is left alone whatever the clock says', () => {
  fc.assert(
    fc.property(fc.date({ noInvalidDate: true }), fc.option(fc.date({ noInvalidDate: true })), (at, retryAt) => {
      const state = assigned({ phase: 'active', retryAt: retryAt ?? undefined });
      expect(plan(ref('b'), state, at)).toEqual({ kind: 'nothing' });
    }),
  );
});

test('waits grow, and never beyond the most', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), (attempts) => {
      expect(retryDelayMs(attempts + 1)).toBeGreaterThanOrEqual(retryDelayMs(attempts));
      expect(retryDelayMs(attempts)).toBeLessThanOrEqual(retryMostMs);
    }),
  );
  expect(retryDelayMs(1)).toBe(retryFirstMs);
});
