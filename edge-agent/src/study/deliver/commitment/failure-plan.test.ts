import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterCommitmentFailure } from './failure-plan.ts';

const bounds = { requestsMax: 3, resendsMax: 2 };

describe('what follows when an object could not be committed', () => {
  it.each([
    [0x0112, 1, 0, 'resend'],
    [0x0112, 1, 2, 'give-up'],
    [0x0110, 1, 0, 'ask-again'],
    [0x0110, 3, 0, 'give-up'],
    [0x0131, 1, 0, 'ask-again'],
    [0x0213, 1, 0, 'ask-again'],
    [0x0119, 1, 0, 'give-up'],
    [0x0122, 1, 0, 'give-up'],
  ] as const)('%i after %i requests and %i resends: %s', (reason, requests, resends, expected) => {
    expect(afterCommitmentFailure(reason, { requests, resends }, bounds)).toBe(expected);
  });

  it('ends whatever the destination says', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.integer({ min: 0, max: 0xffff })), (reasons) => {
        let [requests, resends] = [1, 0];
        for (const reason of reasons) {
          const then = afterCommitmentFailure(reason, { requests, resends }, bounds);
          if (then === 'give-up') break;
          if (then === 'resend') resends += 1;
          else requests += 1;
          expect(requests + resends).toBeLessThanOrEqual(bounds.requestsMax + bounds.resendsMax);
        }
      }),
    );
  });
});
