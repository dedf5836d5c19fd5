/** Waiting, so that tests need not. */
export type Clock = {
  /** Calls `run` once after `delay_ms`; the returned function cancels it. */
  after(delay_ms: number, run: () => void): () => void;
  /** Resolves after the delay, or at once when the signal is given. */
  sleep(delay_ms: number, signal: AbortSignal): Promise<void>;
};

export const systemClock: Clock = {
  after(delay_ms, run) {
    const timer = setTimeout(run, delay_ms);
    return () => clearTimeout(timer);
  },
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
