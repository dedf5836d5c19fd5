/** Calls `run` every so many milliseconds until the returned function is called; keeps no process alive. */
export type Every = (interval_ms: number, run: () => void) => () => void;

export const everySystem: Every = (interval_ms, run) => {
  const timer = setInterval(run, interval_ms);
  timer.unref();
  return () => clearInterval(timer);
};
