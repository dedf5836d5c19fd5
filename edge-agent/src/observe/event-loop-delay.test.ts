import { expect, it } from 'vitest';
import { watchLoopDelay } from './event-loop-delay.ts';

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it('tells how long the loop was held up since the last time, without the time between two looks', async () => {
  const loop = watchLoopDelay();
  await sleep(50);
  loop.take();
  // The time between a call and the next look at the loop is not counted.
  await sleep(30);
  const until = performance.now() + 120;
  while (performance.now() < until);
  await sleep(30);
  const { p50_s, p99_s, max_s } = loop.take();
  // It was held up for 120 ms; when the look before that was, and how busy the machine is, stays open.
  expect(max_s).toBeGreaterThan(0.08);
  expect(p50_s).toBeLessThanOrEqual(p99_s);
  expect(p99_s).toBeLessThanOrEqual(max_s);
  const nothing = loop.take();
  expect(nothing.max_s).toBeLessThan(max_s);
  loop.stop();
});

it('shows no delay where nothing was looked at', () => {
  const loop = watchLoopDelay();
  expect(loop.take()).toEqual({ p50_s: 0, p99_s: 0, max_s: 0 });
  loop.stop();
});
