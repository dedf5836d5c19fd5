import { expect, it } from 'vitest';
import { refusalClassOf } from './policy-metrics.ts';

it.each([
  [0xa700, 'A7xx'],
  [0xa900, 'A9xx'],
  [0xc000, 'Cxxx'],
  [0xc123, 'Cxxx'],
  [0x0110, '01xx'],
  [0x0122, '01xx'],
  [0xb006, 'Bxxx'],
  [0x0211, 'other'],
])('status %i is of class %s', (status, expected) => {
  expect(refusalClassOf(status)).toBe(expected);
});
