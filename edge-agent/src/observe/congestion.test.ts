import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { congestionOf, type RoomFacts } from './congestion.ts';

const policy = { watermark: 0.9, bytesFreeMin: 1_000 };
const facts = (change: Partial<RoomFacts>): RoomFacts => ({ used: 0.5, bytesFree: 9_999, queues: [], ...change });
const jobs = (length: number) => [{ name: 'jobs', length, lengthMax: 100 }];

describe('congestion', () => {
  it.each([
    ['room', {}, undefined],
    ['a disk below its watermark', { used: 0.899 }, undefined],
    ['a disk at its watermark', { used: 0.9 }, 'the disk is nearly full'],
    ['little space on a large disk', { bytesFree: 999 }, 'too little space is left'],
    ['a queue below its bound', { queues: jobs(99) }, undefined],
    ['a queue at its bound', { queues: jobs(100) }, 'too many jobs wait'],
  ])('%s', (_, change, expected) => {
    expect(congestionOf(facts(change), policy, undefined)).toBe(expected);
  });

  it.each([
    ['the disk has fallen a little', { used: 0.89 }, 'the disk is nearly full'],
    ['the disk has fallen', { used: 0.87 }, undefined],
    ['a little space has come', { bytesFree: 1_400 }, 'too little space is left'],
    ['space has come', { bytesFree: 1_500 }, undefined],
    ['the queue has moved a little', { queues: jobs(95) }, 'too many jobs wait'],
    ['the queue has moved', { queues: jobs(89) }, undefined],
  ])('once said: %s', (_, change, expected) => {
    expect(congestionOf(facts(change), policy, 'before')).toBe(expected);
  });

  it('whatever ends it would not begin it, so it does not flutter', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(5_000), fc.nat(200), (used, bytesFree, length) => {
        const now = facts({ used, bytesFree, queues: jobs(length) });
        const still = congestionOf(now, policy, 'before');
        const fresh = congestionOf(now, policy, undefined);
        expect(still === undefined && fresh !== undefined).toBe(false);
      }),
    );
  });
});
