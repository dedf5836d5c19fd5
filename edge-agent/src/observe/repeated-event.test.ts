import { describe, expect, it } from 'vitest';
import { createRepeatedEvent } from './repeated-event.ts';

describe('an event that repeats', () => {
  it('is let through once in its time, with what was left out', () => {
    let now = 0;
    const repeated = createRepeatedEvent(1_000, 2, () => now);
    expect(repeated.pass('a')).toBe(0);
    expect([repeated.pass('a'), repeated.pass('a'), repeated.pass('b')]).toEqual([undefined, undefined, 0]);
    now = 1_000;
    expect(repeated.pass('a')).toBe(2);
    expect(repeated.pass('a')).toBeUndefined();
  });

  it('is remembered for so many keys and no more', () => {
    const repeated = createRepeatedEvent(1_000, 2, () => 0);
    for (const key of ['a', 'b', 'c']) expect(repeated.pass(key)).toBe(0);
    expect(repeated.pass('c')).toBeUndefined();
    expect(repeated.pass('a')).toBe(0);
  });
});
