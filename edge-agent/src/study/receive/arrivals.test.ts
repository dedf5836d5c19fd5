import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createArrivals, STUDIES_MAX } from './arrivals.ts';

describe('the study that an association is in the middle of', () => {
  it('is that of its last image, as long as bytes come', () => {
    const arrivals = createArrivals(1_000);
    arrivals.heard('x', 100);
    expect(arrivals.lastActivity_ms('a')).toBeUndefined();
    arrivals.brought('x', 'a', 'a1');
    expect(arrivals.lastActivity_ms('a')).toBe(100);
    arrivals.heard('x', 900);
    arrivals.heard('y', 950);
    expect(arrivals.lastActivity_ms('a')).toBe(900);
    arrivals.brought('x', 'b', 'b1');
    expect([arrivals.lastActivity_ms('a'), arrivals.lastActivity_ms('b')]).toEqual([undefined, 900]);
  });

  it('tells its series apart, of which only one is in the middle of arriving', () => {
    const arrivals = createArrivals(1_000);
    arrivals.heard('x', 100);
    arrivals.brought('x', 'a', 'a1');
    arrivals.heard('x', 200);
    arrivals.brought('x', 'a', 'a2');
    expect(['a1', 'a2'].map((series) => arrivals.lastActivity_ms('a', series))).toEqual([undefined, 200]);
  });

  it('is done when the last association that brought images of it is', () => {
    const arrivals = createArrivals(1_000);
    for (const id of ['x', 'y']) {
      arrivals.heard(id, 100);
      arrivals.brought(id, 'a', 'a1');
    }
    arrivals.brought('y', 'b', 'b1');
    expect(arrivals.ended('x')).toEqual([]);
    expect(arrivals.ended('y')).toEqual(['a', 'b']);
    expect(arrivals.ended('y')).toEqual([]);
  });

  it('is remembered for so many studies of an association and no more', () => {
    const arrivals = createArrivals(1_000);
    arrivals.heard('x', 100);
    for (let i = 0; i <= STUDIES_MAX; i++) arrivals.brought('x', `${i}`, 's');
    const studies = arrivals.ended('x');
    expect([studies.length, studies[0]]).toEqual([STUDIES_MAX, '1']);
  });

  it('is the latest of several associations', () => {
    const arrivals = createArrivals(1_000);
    for (const [id, at_ms] of [
      ['x', 100],
      ['y', 300],
      ['z', 200],
    ] as const) {
      arrivals.heard(id, at_ms);
      arrivals.brought(id, 'a', 'a1');
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
          arrivals.brought(id, id, id);
          heard.set(id, now_ms);
          const recent = [...heard].filter(([, at_ms]) => at_ms > now_ms - 500);
          expect(arrivals.count()).toBe(recent.length);
          for (const [one, at_ms] of recent) expect(arrivals.lastActivity_ms(one)).toBe(at_ms);
        }
      }),
    );
  });
});
