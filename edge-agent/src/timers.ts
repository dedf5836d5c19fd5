/** Time to come, given to whatever waits, so that tests need no waiting. */

/** Calls `run` once after `delay_ms`; the returned function cancels it. */
export type After = (delay_ms: number, run: () => void) => () => void;

/** Longest time that a timer of Node can wait: a longer one would end at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** What is to wait longer than that is called after it, 24 days. */
export const systemAfter: After = (delay_ms, run) => {
  const timer = setTimeout(run, Math.min(TIMER_MS_MAX, delay_ms));
  return () => clearTimeout(timer);
};

/** Calls `run` every so many milliseconds until the returned function is called; keeps no process alive. */
export type Every = (interval_ms: number, run: () => void) => () => void;

export const everySystem: Every = (interval_ms, run) => {
  const timer = setInterval(run, interval_ms);
  timer.unref();
  return () => clearInterval(timer);
};
