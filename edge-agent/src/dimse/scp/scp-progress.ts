/** When a peer is given up: idle between messages, or too slow inside one. Pure; time comes with each call, in ms. */
export type ProgressLimits = {
  /** Longest silence of the peer, inside a message or between two, ms. */
  readonly idle_ms: number;
  /** Lowest acceptable speed while an object arrives, averaged over `progressWindow_ms` of waiting for the peer. */
  readonly bytesPerSecondMin: number;
  readonly progressWindow_ms: number;
};

export type Verdict = 'fine' | 'idle' | 'too-slow';

export type Progress = {
  /** We wait for the peer from now on. */
  wait(now_ms: number): void;
  /** The wait is over: so many bytes came. Time until the next `wait` is ours and does not count. */
  got(now_ms: number, bytes: number): void;
  /** An answer of ours is still due: the wait so far is not the peer's. */
  excuse(now_ms: number): void;
  judge(now_ms: number, inMessage: boolean): Verdict;
};

export function createProgress(limits: ProgressLimits): Progress {
  let waitingSince_ms: number | undefined;
  let windowWaited_ms = 0;
  let windowBytes = 0;

  return {
    wait(now_ms) {
      waitingSince_ms = now_ms;
    },
    got(now_ms, bytes) {
      if (waitingSince_ms !== undefined) windowWaited_ms += now_ms - waitingSince_ms;
      waitingSince_ms = undefined;
      windowBytes += bytes;
    },
    excuse(now_ms) {
      if (waitingSince_ms !== undefined) waitingSince_ms = now_ms;
    },
    judge(now_ms, inMessage) {
      const silent_ms = waitingSince_ms === undefined ? 0 : now_ms - waitingSince_ms;
      if (silent_ms >= limits.idle_ms) return 'idle';
      const waited_ms = windowWaited_ms + silent_ms;
      if (!inMessage) {
        windowWaited_ms = 0;
        windowBytes = 0;
        return 'fine';
      }
      if (waited_ms < limits.progressWindow_ms) return 'fine';
      const tooSlow = windowBytes < (limits.bytesPerSecondMin * waited_ms) / 1000;
      windowWaited_ms = -silent_ms; // The silence so far has been judged; only what follows counts in the next window.
      windowBytes = 0;
      return tooSlow ? 'too-slow' : 'fine';
    },
  };
}
