import fc from 'fast-check';
import { expect, test } from 'vitest';
import { samePads, windowPadding } from './padding.ts';

const dimension = fc.integer({ min: 1, max: 200 });
const small = fc.integer({ min: 1, max: 7 });

test('SAME gives ceil(size / stride) positions and puts the odd pixel at the end', () => {
  fc.assert(
    fc.property(dimension, small, small, small, (size, kernel, stride, dilation) => {
      const pads = samePads({ size, kernel, stride, dilation });
      if (pads === null) throw new Error('the size is known');
      const [begin, end] = pads;
      const reach = (kernel - 1) * dilation + 1;
      expect(end - begin === 0 || end - begin === 1).toBe(true);
      expect(Math.floor((size + begin + end - reach) / stride) + 1).toBe(Math.ceil(size / stride));
    }),
  );
});

test('at stride 1 the padding does not depend on the size', () => {
  fc.assert(
    fc.property(dimension, small, small, (size, kernel, dilation) => {
      expect(samePads({ size: null, kernel, stride: 1, dilation })).toEqual(
        samePads({ size, kernel, stride: 1, dilation }),
      );
    }),
  );
});

test('an unknown size with a stride is left to the runtime', () => {
  const window = { size: null, kernel: 3, stride: 2, dilation: 1 };
  expect(windowPadding('same', [window, window])).toEqual({ auto_pad: { type: 'string', value: 'SAME_UPPER' } });
});
