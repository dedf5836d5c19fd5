import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createArrivals } from './arrivals.ts';

describe('the study that an association is in the middle of', () => {
  it('is that of its last image, as long as bytes come', () => {
    const arrivals = createArrivals(1_000);
    arrivals.heard('x', 100);
    expect(arrivals.lastActivity_ms('a')).toBeUndefined();
    arrivals.brought('x', 'a');
    expect(arrivals.lastActivity_ms('a')).toBe(100);
    arrivals.heard('x', 900);
    arrivals.heard('y', 950);
    expect(arrivals.lastActivity_ms('a')).toBe(900);
    arrivals.brought('x', 'b');
    expect([arrivals.lastActivity_ms('a'), arrivals.lastActivity_ms('b')]).toEqual([undefined, 900]);
  });

  it('is the latest of several associations', () => {
    const arrivals = createArrivals(1_000);
    for (const [id, at_ms] of [
      ['x', 100],
      ['y', 300],
      ['z', 200],
    ] as const) {
      arrivals.heard(id, at_ms);
      arrivals.brought(id, 'a');
    }
    expect(arrivals.lastActivity_ms('a')).toBe(300);
  });

  it('is forgotten with the association, and no more are remembered than spoke within the time', () => {
    const step = fc.record({ id: fc.constantFrom('x', 'y', 'z', 'u', 'v'), wait_ms: fc.nat(400) });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const arrivals = createArrivals(500);
        const heard = new Map<string, number>();
        let now_ms = 0;
        for (const { id, wait_ms } of steps) {
          now_ms += wait_ms;
          arrivals.heard(id, now_ms);
          arrivals.brought(id, id);
          heard.set(id, now_ms);
          const recent = [...heard].filter(([, at_ms]) => at_ms > now_ms - 500);
          expect(arrivals.count()).toBe(recent.length);
          for (const [one, at_ms] of recent) expect(arrivals.lastActivity_ms(one)).toBe(at_ms);
        }
      }),
    );
  });
});
