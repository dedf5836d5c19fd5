import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { systemAfter } from './timers.ts';

it('what is to wait for very long is not called at once', async () => {
  let called = 0;
  const cancels = [5 * 2 ** 31, Number.POSITIVE_INFINITY].map((delay_ms) => systemAfter(delay_ms, () => (called += 1)));
  await setTimeout(20);
  for (const cancel of cancels) cancel();
  expect(called).toBe(0);
});
