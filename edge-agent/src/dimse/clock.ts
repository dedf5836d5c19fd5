/** Time as the library sees it, so that tests need no sleeping. */
export type Clock = {
  /** Milliseconds on a monotonic scale. */
  now_ms(): number;
  /** Calls `run` once after `delay_ms`; the returned function cancels it. */
  after(delay_ms: number, run: () => void): () => void;
};

export const systemClock: Clock = {
  now_ms: () => performance.now(),
  after(delay_ms, run) {
    const timer = setTimeout(run, delay_ms);
    return () => clearTimeout(timer);
  },
};
