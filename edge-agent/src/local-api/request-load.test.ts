import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createMemoryBudget } from './kserve/memory-budget.ts';
import { createRequestLoad } from './request-load.ts';

const owners = [
  { name: 'a', requestsMax: 2 },
  { name: 'b', requestsMax: 9 },
];

it('lets in no more than its bounds, whoever comes and goes in whatever order', () => {
  const step = fc.record({ owner: fc.nat(1), leave: fc.boolean(), bytes: fc.nat(50), twice: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const load = createRequestLoad({ requestsMax: 4 });
      const budget = createMemoryBudget(100);
      const inside: { owner: number; bytes: number; leave: () => void }[] = [];
      const sum = () => inside.reduce((total, { bytes }) => total + bytes, 0);
      for (const { owner, leave, bytes, twice } of steps) {
        const [first] = inside;
        if (leave && first !== undefined) {
          first.leave();
          if (twice) first.leave();
          inside.shift();
          continue;
        }
        const whose = owners[owner] as (typeof owners)[number];
        const own = inside.filter((one) => one.owner === owner).length;
        const entered = load.enter(whose);
        expect(entered.ok).toBe(inside.length < 4 && own < whose.requestsMax);
        if (!entered.ok) continue;
        const giveBack = budget.take(bytes);
        expect(giveBack !== undefined).toBe(sum() + bytes <= 100);
        if (giveBack === undefined) {
          entered.value();
          continue;
        }
        inside.push({
          ...{ owner, bytes },
          leave() {
            entered.value();
            giveBack();
          },
        });
        expect([load.open, budget.taken]).toEqual([inside.length, sum()]);
      }
    }),
  );
});
