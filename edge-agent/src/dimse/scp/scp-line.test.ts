import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { APPLICATION_CONTEXT } from '../uid.ts';
import type { Source } from '../upper-layer/admission.ts';
import { createAdmissionLine, type Decided } from './scp-line.ts';

const sourceOf = (aeTitle: string): Source => ({
  ...{ aeTitle, addresses: ['127.0.0.1'], calledAeTitles: ['B'], associationsMax: 2 },
});
const requestOf = (callingAeTitle: string) => ({
  ...{ callingAeTitle, calledAeTitle: 'B', protocolVersion: 1, remoteAddress: '127.0.0.1' },
  applicationContext: APPLICATION_CONTEXT,
});

/** Who asked, and when among all that asked. */
type Entered = { readonly title: string; readonly nth: number };

describe('the line before the associations', () => {
  it('lets in by source first come, first served, and never more than the limits say', async () => {
    const step = fc.oneof(
      fc.constantFrom('X', 'Y').map((title) => ({ title })),
      fc.record({ leave: fc.nat(9) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const sources = [sourceOf('X'), sourceOf('Y')];
        const line = createAdmissionLine({
          policy: { sources, associationsMax: 3 },
          clock: { now_ms: () => 0, after: () => () => undefined },
          associationWait_ms: 1_000,
          congested: () => undefined,
        });
        const inside: { readonly source: Source; readonly entered: Entered }[] = [];
        const order: Entered[] = [];
        let asked = 0;
        const came = (entered: Entered, decided: Decided): void => {
          if (!decided.ok) return;
          inside.push({ source: decided.value, entered });
          order.push(entered);
        };
        for (const one of steps) {
          if ('title' in one) {
            const entered = { title: one.title, nth: ++asked };
            const decided = line.enter(requestOf(one.title));
            if (decided instanceof Promise) void decided.then((last) => came(entered, last));
            else came(entered, decided);
          } else if (inside.length > 0) {
            const [{ source }] = inside.splice(one.leave % inside.length, 1) as [(typeof inside)[number]];
            line.leave(source);
          }
          await Promise.resolve();
          await Promise.resolve();
          expect(inside.length).toBeLessThanOrEqual(3);
          for (const source of sources)
            expect(inside.filter((held) => held.source === source).length).toBeLessThanOrEqual(2);
        }
        for (const { aeTitle } of sources) {
          const served = order.filter(({ title }) => title === aeTitle).map(({ nth }) => nth);
          expect(served).toEqual(served.toSorted((a, b) => a - b));
        }
        line.close();
      }),
    );
  });

  it('serves who waits in the order in which they asked, whatever their source', async () => {
    const line = createAdmissionLine({
      policy: { sources: [sourceOf('X'), sourceOf('Y')], associationsMax: 1 },
      clock: { now_ms: () => 0, after: () => () => undefined },
      associationWait_ms: 1_000,
      congested: () => undefined,
    });
    const first = (await line.enter(requestOf('X'))) as Decided & { ok: true };
    const order: string[] = [];
    const waiting = ['Y', 'X', 'Y'].map(async (title, i) => {
      const decided = await line.enter(requestOf(title));
      order.push(`${title}${i}`);
      if (decided.ok) line.leave(decided.value);
    });
    line.leave(first.value);
    await Promise.all(waiting);
    expect(order).toEqual(['Y0', 'X1', 'Y2']);
  });
});
