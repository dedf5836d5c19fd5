import { type After, systemAfter } from '../timers.ts';

/** Waiting, so that tests need not. */
export type Clock = {
  readonly after: After;
  /** Resolves after the delay, or at once when the signal is given. */
  sleep(delay_ms: number, signal: AbortSignal): Promise<void>;
};

export const systemClock: Clock = {
  after: systemAfter,
  sleep: (delay_ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const wake = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, delay_ms);
      signal.addEventListener('abort', wake, { once: true });
    }),
};
