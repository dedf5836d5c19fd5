import { describe, expect, it } from 'vitest';
import { createStudyGate } from './study-gate.ts';

const later = (): { readonly done: Promise<void>; readonly end: () => void } => {
  let end = (): void => undefined;
  const done = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { done, end };
};

describe('the gate of a study', () => {
  it('lets many in, and nobody alone while they are', async () => {
    const gate = createStudyGate();
    const first = later();
    const inside = [gate.enter('a', () => first.done), gate.enter('a', () => first.done)];
    expect(await gate.alone('a', () => Promise.resolve(1))).toBeUndefined();
    expect(await gate.alone('b', () => Promise.resolve(1))).toBe(1);
    first.end();
    await Promise.all(inside);
    expect(await gate.alone('a', () => Promise.resolve(2))).toBe(2);
  });

  it('keeps who arrives waiting while somebody is alone, also when that fails', async () => {
    const gate = createStudyGate();
    const removal = later();
    const order: string[] = [];
    const alone = gate.alone('a', async () => {
      await removal.done;
      order.push('removed');
      throw new Error('failed');
    });
    const arrival = gate.enter('a', async () => void order.push('arrived'));
    removal.end();
    await expect(alone).rejects.toThrow('failed');
    await arrival;
    expect(order).toEqual(['removed', 'arrived']);
  });
});
