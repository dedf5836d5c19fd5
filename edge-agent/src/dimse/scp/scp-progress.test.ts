import { describe, expect, it } from 'vitest';
import { createProgress } from './scp-progress.ts';

const limits = { idle_ms: 1_000, bytesPerSecondMin: 100, progressWindow_ms: 500 };

describe('progress of a peer', () => {
  it('is idle after silence, in a message or between two', () => {
    for (const inMessage of [true, false]) {
      const progress = createProgress({ ...limits, bytesPerSecondMin: 0 });
      progress.wait(0);
      expect(progress.judge(999, inMessage)).toBe('fine');
      expect(progress.judge(1_000, inMessage)).toBe('idle');
    }
  });

  it('is too slow when a trickle stays below the limit', () => {
    const progress = createProgress(limits);
    let verdict = 'fine';
    for (let now_ms = 0; now_ms < 1_000 && verdict === 'fine'; now_ms += 100) {
      progress.wait(now_ms);
      progress.got(now_ms + 100, 9);
      verdict = progress.judge(now_ms + 100, true);
    }
    expect(verdict).toBe('too-slow');
  });

  it('is fine at the limit, and does not count our own time', () => {
    const progress = createProgress(limits);
    for (let now_ms = 0; now_ms < 1_000_000; now_ms += 10_000) {
      progress.wait(now_ms);
      progress.got(now_ms + 100, 10);
      expect(progress.judge(now_ms + 9_999, true)).toBe('fine');
    }
  });

  it('begins anew with each message', () => {
    const progress = createProgress(limits);
    progress.wait(0);
    progress.got(900, 1);
    expect(progress.judge(900, false)).toBe('fine');
    expect(progress.judge(901, true)).toBe('fine');
  });
});
