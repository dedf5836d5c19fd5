import { expect, test } from 'vitest';
import { mayFallBack } from './fall-back.ts';

test.each([
  ['1.0.0', '1.1.0', true],
  ['1.9.0', '1.10.0', true],
  ['1.1.0', '1.0.0', false],
  ['2.0.0', '1.9.9', false],
  ['1.0.0', '1.0.0', false],
  ['1.0.0-rc.1', '1.0.0', false],
])('%s in the place of a broken %s: %s', (previous, broken, may) => {
  expect(mayFallBack(previous, broken)).toBe(may);
});
