import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideCompletion, type Moment, type OpenStudy } from './completion.ts';

const study: OpenStudy = {
  studyId: 1,
  studyInstanceUid: '2.25.1',
  revision: 0,
  late: false,
  firstReceived_ms: 1_000,
  lastReceived_ms: 5_000,
  lastInstanceId: 9,
  released: false,
};
const at = (now_ms: number, listeningSince_ms = 0, lastActivity_ms?: number): Moment => ({
  now_ms,
  listeningSince_ms,
  lastActivity_ms,
  released: false,
  held: false,
});
const policy = { quiet_ms: 20_000, lateImages: 'supersede' } as const;

describe('when a study is complete', () => {
  it('not before it was quiet for long enough', () => {
    expect(decideCompletion(study, policy, at(24_999))).toEqual({ do: 'wait', until_ms: 25_000 });
    expect(decideCompletion(study, policy, at(25_000))).toEqual({ do: 'complete', number: 1 });
  });

  it('late images make the next revision, or none', () => {
    const late = { ...study, revision: 3, late: true };
    expect(decideCompletion(late, policy, at(30_000))).toEqual({ do: 'complete', number: 4 });
    expect(decideCompletion(late, { ...policy, lateImages: 'ignore' }, at(30_000))).toEqual({ do: 'ignore-late' });
  });

  it('at once when its sender is done and a rule trusts that, however late it is', () => {
    const done = { ...at(5_001), released: true };
    expect(decideCompletion(study, policy, done)).toEqual({ do: 'complete', number: 1 });
    const late = { ...study, revision: 1, late: true };
    expect(decideCompletion(late, { ...policy, lateImages: 'ignore' }, done)).toEqual({ do: 'ignore-late' });
    expect(decideCompletion(study, policy, { ...done, held: true })).toEqual({ do: 'hold' });
  });

  it('the time in which the appliance was down does not count as quiet', () => {
    expect(decideCompletion(study, policy, at(100_000, 90_000))).toEqual({ do: 'wait', until_ms: 110_000 });
    expect(decideCompletion(study, policy, at(110_000, 90_000))).toEqual({ do: 'complete', number: 1 });
  });

  it('an object that is still coming holds it, one that has stopped coming does not', () => {
    expect(decideCompletion(study, policy, at(60_000, 0, 59_000))).toEqual({ do: 'wait', until_ms: 79_000 });
    expect(decideCompletion(study, policy, at(60_000, 0, 40_000))).toEqual({ do: 'complete', number: 1 });
  });

  it('waits while it is held, and no late image is lost to that', () => {
    const held = { ...at(100_000), held: true };
    expect(decideCompletion(study, policy, held)).toEqual({ do: 'hold' });
    expect(decideCompletion({ ...study, revision: 1, late: true }, { ...policy, lateImages: 'ignore' }, held)).toEqual({
      do: 'hold',
    });
  });

  it('every arrival moves the end; a clock that was set back holds nothing for longer than the quiet time', () => {
    fc.assert(
      fc.property(
        fc.nat(1e9),
        fc.nat(1e9),
        fc.option(fc.nat(1e9), { nil: undefined }),
        fc.integer({ min: 1, max: 1e6 }),
        (last, now, active, quiet_ms) => {
          const decision = decideCompletion(
            { ...study, lastReceived_ms: last },
            { ...policy, quiet_ms },
            at(now, 0, active),
          );
          const left_ms = decision.do === 'wait' ? decision.until_ms - now : 0;
          expect(left_ms).toBeLessThanOrEqual(quiet_ms);
          expect(left_ms > 0).toBe(now - Math.max(last, active ?? 0) < quiet_ms);
        },
      ),
    );
  });
});
