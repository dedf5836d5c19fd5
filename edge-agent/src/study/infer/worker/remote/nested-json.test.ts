import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flattened, nestedJson } from './nested-json.ts';

describe('nested arrays', () => {
  it('are the tensor again', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(sizes, (dims) => {
        const data = Float32Array.from({ length: dims.reduce((all, size) => all * size, 1) }, (_, i) => i / 3);
        const back = flattened(JSON.parse(nestedJson(data, dims)));
        expect(back.dims).toEqual(dims);
        expect(Float32Array.from(back.data as number[])).toEqual(data);
      }),
    );
  });

  it.each([[[[1], [1, 2]]], [[[1], 2]], [[[[1]], [1]]]])('whose rows differ in length are refused: %j', (nested) => {
    expect(() => flattened(nested)).toThrow(expect.objectContaining({ code: 'remote-answer-invalid' }) as Error);
  });

  it('with a list where a number is due keep it, to be told as no number', () => {
    expect(flattened([1, [2]])).toEqual({ dims: [2], data: [1, [2]] });
  });
});
