import { vi } from 'vitest';

/**
 * A wait of a test guards against a hang and asserts no time: on a slow or busy machine a child process alone can take
 * longer to start than the one second that Vitest waits. `expect.poll` gets the same from vitest.config.ts.
 */
const guard = { timeout: 60_000, interval: 20 };

const { waitFor, waitUntil } = vi;
const guarded = (options?: Parameters<typeof waitFor>[1]) =>
  typeof options === 'number' ? options : { ...guard, ...options };
/** Files of one process share Vitest, and each of them loads this. */
const here = globalThis as { patient?: boolean };

if (here.patient !== true) {
  here.patient = true;
  vi.waitFor = (callback, options) => waitFor(callback, guarded(options));
  vi.waitUntil = (callback, options) => waitUntil(callback, guarded(options));
}
