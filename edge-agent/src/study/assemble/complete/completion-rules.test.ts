import type { CompletionRule } from '@collimator/shared/contracts/agent-config/assembly';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeRelease, listsStudy, type SourceRelease } from './completion-rules.ts';

const rule = (source: string, expected: CompletionRule['expect']): CompletionRule => ({
  ...{ source, expect: expected, when: 'association-released', titles: ['113030', 'IHERADTF:TCE001'] },
});
const rules = [rule('CT1', 'none'), rule('CT2', 'c-find'), rule('CT3', 'key-object')];
const nothing = { through: 9, expected: null, held: 9, listed: 0, missing: 0 };

describe('whether a sender that is done has sent the whole study', () => {
  it.each<[string, SourceRelease, boolean]>([
    ['its rule says so', { ...nothing, source: 'CT1' }, true],
    ['an image came after it', { ...nothing, source: 'CT1', through: 8 }, false],
    ['it has no rule', { ...nothing, source: 'CT9' }, false],
    ['it has not been asked', { ...nothing, source: 'CT2' }, false],
    ['it counts as many as are here', { ...nothing, source: 'CT2', expected: 9 }, true],
    ['it counts fewer', { ...nothing, source: 'CT2', expected: 7 }, true],
    ['it counts more', { ...nothing, source: 'CT2', expected: 10 }, false],
    ['an image came after it was counted', { ...nothing, source: 'CT2', expected: 9, through: 8 }, false],
    ['nothing was listed', { ...nothing, source: 'CT3' }, false],
    ['all that was listed is here', { ...nothing, source: 'CT3', listed: 5 }, true],
    ['one that was listed is not', { ...nothing, source: 'CT3', listed: 5, missing: 1 }, false],
    ['what was listed is here, and another source has another rule', { ...nothing, source: 'CT2', listed: 5 }, false],
  ])('%s', (_, release, whole) => {
    expect(judgeRelease(9, release, rules)).toBe(whole ? 'suffices' : 'waits');
  });

  it('is said exactly when nothing is missing, and never after another image', () => {
    const release = fc.record({
      source: fc.constantFrom('CT1' as const, 'CT2' as const, 'CT3' as const, 'CT9' as const),
      through: fc.nat(20),
      expected: fc.option(fc.nat(20)),
      held: fc.nat(20),
      listed: fc.nat(20),
      missing: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.nat(20), release, (last, one) => {
        const unfinished = {
          CT1: false,
          CT2: one.expected === null || one.expected > one.held,
          CT3: one.listed === 0 || one.missing > 0,
          CT9: true,
        }[one.source];
        const waits = unfinished || one.through < last;
        expect(judgeRelease(last, one, rules)).toBe(waits ? 'waits' : 'suffices');
      }),
    );
  });
});

describe('whether a key object lists a study', () => {
  it.each([
    ['CT3', '113030', true],
    ['CT3', 'IHERADTF:TCE001', true],
    ['CT3', '113000', false],
    ['CT3', undefined, false],
    ['CT2', '113030', false],
    ['CT9', '113030', false],
  ])('of %s with title %s: %s', (source, title, lists) => {
    expect(listsStudy(source, title, rules)).toBe(lists);
  });
});
