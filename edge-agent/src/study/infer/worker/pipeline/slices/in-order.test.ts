import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inOrder } from './in-order.ts';

describe('work in order', () => {
  it('gives every outcome in the order of the list, never more than the bound ahead', async () => {
    const run = fc.record({ delays: fc.array(fc.nat(3), { maxLength: 12 }), ahead: fc.integer({ min: 1, max: 5 }) });
    await fc.assert(
      fc.asyncProperty(run, async ({ delays, ahead }) => {
        let flying = 0;
        let most = 0;
        const work = async (index: number): Promise<number> => {
          most = Math.max(most, ++flying);
          for (let i = 0; i < (delays[index] as number); i++) await new Promise(setImmediate);
          flying -= 1;
          return index;
        };
        const taken: number[] = [];
        for await (const one of inOrder([...delays.keys()], ahead, work)) taken.push(one);
        expect(taken).toEqual([...delays.keys()]);
        expect(most).toBeLessThanOrEqual(ahead);
      }),
    );
  });

  it('starts nothing more when the taker stops or one fails, and waits for what flies', async () => {
    const started: number[] = [];
    let ended = 0;
    const work = async (index: number): Promise<number> => {
      started.push(index);
      await new Promise(setImmediate);
      ended += 1;
      if (index === 5) throw new Error('five');
      return index;
    };
    const list = Array.from({ length: 20 }, (_, i) => i);
    for await (const one of inOrder(list, 3, work)) if (one === 1) break;
    expect([started.length, ended]).toEqual([4, 4]);
    const all = async (): Promise<void> => {
      for await (const one of inOrder(list, 3, work)) void one;
    };
    await expect(all()).rejects.toThrow('five');
    expect(ended).toBe(started.length);
    expect(started.length).toBeLessThan(4 + 20);
  });
});
