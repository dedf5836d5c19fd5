import { describe, expect, it } from 'vitest';
import { requireSound } from './sound-output.ts';

const shape = ['batch', 1, 2, 2];
const output = (values: readonly number[], dims: readonly number[]) => ({
  ...{ name: 'logits', dims, data: Float32Array.from(values) },
});

describe('an output of a model', () => {
  it('passes as it is declared', () => {
    const sound = output([1, -2, 0, 4e38 / 2], [1, 1, 2, 2]);
    expect(requireSound(sound, shape, 1)).toEqual(sound);
    expect(requireSound(sound, undefined, 1)).toEqual(sound);
  });

  it.each([
    ['NaN', output([1, Number.NaN, 3, 4], [1, 1, 2, 2])],
    ['infinity', output([1, 2, Number.POSITIVE_INFINITY, 4], [1, 1, 2, 2])],
    ['both infinities', output([Number.POSITIVE_INFINITY, 2, Number.NEGATIVE_INFINITY, 4], [1, 1, 2, 2])],
    ['another batch', output([1, 2, 3, 4, 5, 6, 7, 8], [2, 1, 2, 2])],
    ['another shape', output([1, 2, 3, 4], [1, 1, 4, 1])],
    ['another rank', output([1, 2, 3, 4], [1, 2, 2])],
    ['fewer values than its shape', output([1, 2, 3], [1, 1, 2, 2])],
    ['another type', { name: 'logits', dims: [1, 1, 2, 2], data: new Int32Array(4) }],
    ['nothing', { name: 'logits', dims: [], data: undefined }],
  ])('with %s is refused', (_, one) =>
    expect(() => requireSound(one, shape, 1)).toThrow(expect.objectContaining({ code: 'inference-output-invalid' })),
  );
});
