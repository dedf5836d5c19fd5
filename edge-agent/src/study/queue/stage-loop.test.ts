import { describe, expect, it, vi } from 'vitest';
import { createStageLoop } from './stage-loop.ts';

/** A clock whose time passes only when it is told to. */
function manualTime() {
  let now = 0;
  const timers = new Set<{ at: number; run: () => void }>();
  return {
    now: () => now,
    after(delay_ms: number, run: () => void) {
      const timer = { at: now + delay_ms, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(to: number) {
      now = to;
      for (const timer of [...timers])
        if (timer.at <= now) {
          timers.delete(timer);
          timer.run();
        }
    },
    waiting: () => timers.size,
  };
}

describe('a stage', () => {
  it('passes again when something is due, when it is woken, and not otherwise', async () => {
    const time = manualTime();
    const pass = vi.fn(() => Promise.resolve<number | undefined>(pass.mock.calls.length === 1 ? 100 : undefined));
    const loop = createStageLoop({ stage: 's', pass, ...time, log: { event: vi.fn() } });
    loop.wake();
    expect(pass).toHaveBeenCalledTimes(0);
    loop.start();
    await vi.waitFor(() => expect(time.waiting()).toBe(1));
    time.advance(99);
    expect(pass).toHaveBeenCalledTimes(1);
    time.advance(100);
    expect(pass).toHaveBeenCalledTimes(2);
    await loop.stop();
    loop.wake();
    expect(pass).toHaveBeenCalledTimes(2);
  });

  it('never runs two passes at once, and forgets no wake', async () => {
    let running = 0;
    const ends: (() => void)[] = [];
    const pass = vi.fn(async () => {
      running += 1;
      expect(running).toBe(1);
      await new Promise<void>((resolve) => ends.push(resolve));
      running -= 1;
      return undefined;
    });
    const loop = createStageLoop({ stage: 's', pass, ...manualTime(), log: { event: vi.fn() } });
    loop.start();
    loop.wake();
    loop.wake();
    ends.shift()?.();
    await vi.waitFor(() => expect(pass).toHaveBeenCalledTimes(2));
    ends.shift()?.();
    await loop.stop();
    expect(pass).toHaveBeenCalledTimes(2);
  });

  it('says what went wrong, waits, and goes on', async () => {
    const time = manualTime();
    const event = vi.fn();
    const pass = vi.fn(() =>
      pass.mock.calls.length === 1 ? Promise.reject(new Error('disk')) : Promise.resolve(undefined),
    );
    const loop = createStageLoop({ stage: 's', pass, ...time, log: { event } });
    loop.start();
    await vi.waitFor(() => expect(time.waiting()).toBe(1));
    expect(event).toHaveBeenCalledWith('study-stage-failed', { stage: 's', reason: 'disk' });
    expect(pass).toHaveBeenCalledTimes(1);
    time.advance(1_000);
    expect(pass).toHaveBeenCalledTimes(2);
    await loop.stop();
  });
});
