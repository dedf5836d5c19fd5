import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planChunks } from './chunk-plan.ts';

const chunk = (digit: number, offset: number) => ({
  offset,
  length: 10,
  encoding: 'identity' as const,
  sha256: String(digit).repeat(64),
});

test('every place of every chunk is planned, and each distinct chunk once, with its own bit', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 8 }), { maxLength: 5 }), (files) => {
      const list = Object.fromEntries(
        files.map((digits, i) => [
          `f${i}`,
          { sha256: '0'.repeat(64), bytes: digits.length * 10, chunks: digits.map((d, at) => chunk(d, at * 10)) },
        ]),
      );
      const planned = planChunks(list);
      expect(planned.map(({ index }) => index)).toEqual(planned.map((_, i) => i));
      expect(planned).toHaveLength(new Set(files.flat()).size);
      const places = planned.flatMap(({ chunk: c, places: p }) => p.map((at) => `${at.path} ${at.offset} ${c.sha256}`));
      const wanted = Object.entries(list).flatMap(([path, f]) =>
        f.chunks.map((c) => `${path} ${c.offset} ${c.sha256}`),
      );
      expect(places.sort()).toEqual(wanted.sort());
    }),
  );
});
