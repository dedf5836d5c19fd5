import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createSortedList } from './sorted-list.ts';

type Value = { readonly id: number; rank: number };
const before = (a: Value, b: Value): boolean => (a.rank !== b.rank ? a.rank < b.rank : a.id < b.id);

it('keeps its order whatever is added, removed and ranked anew', () => {
  const act = fc.tuple(fc.constantFrom('add', 'add', 'remove', 'reorder'), fc.integer({ min: 0, max: 20 }));
  fc.assert(
    fc.property(fc.array(act), (acts) => {
      const list = createSortedList(before);
      let kept: Value[] = [];
      for (const [id, [what, rank]] of acts.entries()) {
        if (what === 'add') {
          const value = { id, rank };
          kept.push(value);
          list.add(value);
        } else if (what === 'reorder') {
          list.reorder((value) => {
            value.rank = (value.rank * 7 + rank) % 11;
          });
        } else {
          const value = kept[rank % Math.max(1, kept.length)];
          if (value === undefined) continue;
          kept = kept.filter((one) => one !== value);
          list.remove(value);
        }
        const sorted = kept.toSorted((a, b) => a.rank - b.rank || a.id - b.id);
        expect(Array.from({ length: list.size() }, (_, index) => list.at(index))).toEqual(sorted);
      }
    }),
    { numRuns: 1_000 },
  );
});

it('refuses to remove what it does not hold', () => {
  const list = createSortedList(before);
  list.add({ id: 1, rank: 1 });
  expect(() => list.remove({ id: 1, rank: 1 })).toThrow('no such value');
});
