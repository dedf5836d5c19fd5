import { expect, test } from 'vitest';
import { createRepeats } from './repeats.ts';

test('the same content counts once until something else comes or it is forgotten', () => {
  const repeats = createRepeats();
  const seen = ['x', 'x', 'y', 'x'].map((what) => repeats.seen('brain', what));
  expect(seen).toEqual([false, true, false, false]);
  repeats.forget('brain');
  expect(repeats.seen('brain', 'x')).toBe(false);
});

test('a thousand subjects do not fill the memory: the oldest is forgotten', () => {
  const repeats = createRepeats();
  for (let i = 0; i < 1000; i++) repeats.seen(`name-${i}`, 'x');
  expect([repeats.seen('name-0', 'x'), repeats.seen('name-999', 'x')]).toEqual([false, true]);
});
