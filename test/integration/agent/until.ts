import { setTimeout as pause } from 'node:timers/promises';

const pollMs = 20;

/** Polls a condition; an error it throws ends the wait, a deadline names what was waited for. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await pause(pollMs);
  }
}
