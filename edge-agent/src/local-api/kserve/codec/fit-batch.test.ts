import fc from 'fast-check';
import { expect, it } from 'vitest';
import { batchFor, firstItems, withBatch } from './fit-batch.ts';

const tensor = { name: 't', dtype: 'float32' as const, layout: 'NCHW' as const, shape: ['batch' as const, 3] };

it('runs with a batch of the release, and gives back what was asked about', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 40 }),
      (sizes, wish) => {
        const stage = { inputs: [tensor], outputs: [tensor], batch_sizes: sizes };
        const items = Math.min(wish, Math.max(...sizes));
        const batch = batchFor(items, stage);
        expect(sizes.filter((size) => size >= items && size < batch)).toEqual([]);
        expect(sizes).toContain(batch);
        const data = Float32Array.from({ length: items * 3 }, (_, i) => i + 1);
        const [padded] = withBatch([{ name: 't', dims: [items, 3], data }], stage, batch);
        expect(padded?.dims).toEqual([batch, 3]);
        expect(Array.from(padded?.data.subarray(items * 3) ?? [1])).toEqual(Array(batch * 3 - items * 3).fill(0));
        expect(firstItems(padded === undefined ? [] : [padded], stage, items)).toEqual([
          { name: 't', dims: [items, 3], data },
        ]);
      },
    ),
  );
});
