import { describe, expect, it } from 'vitest';
import { completeByRule } from './completion-rules.ts';

const rules = [{ source: 'CT1', when: 'association-released', expect: 'none' }] as const;

describe('whether a sender that is done has sent the whole study', () => {
  it.each([
    ['its rule says so', { source: 'CT1', through: 9 }, true],
    ['nobody was done', undefined, false],
    ['an image came after it', { source: 'CT1', through: 8 }, false],
    ['it has no rule', { source: 'CT2', through: 9 }, false],
  ] as const)('%s', (_, release, whole) => {
    expect(completeByRule(9, release, rules)).toBe(whole);
  });
});
