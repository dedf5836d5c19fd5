import type { Log } from '@collimator/shared/observe/log';
import { within } from './within.ts';

/** What was started, to be stopped in the opposite order, all of it within a bound. */
export interface StopOrder {
  add(part: string, stop: () => void | Promise<void>): void;
  run(): Promise<void>;
}

/** What every part gets even when the others have used up the time. */
const partMsMin = 250;

export function createStopOrder(bound_ms: number, log: Log): StopOrder {
  const parts: { readonly part: string; readonly stop: () => void | Promise<void> }[] = [];
  return {
    add: (part, stop) => void parts.push({ part, stop }),
    async run() {
      const deadline_ms = performance.now() + bound_ms;
      for (let next = parts.pop(); next !== undefined; next = parts.pop()) {
        const { part, stop } = next;
        const left_ms = Math.max(partMsMin, deadline_ms - performance.now());
        await within(part, left_ms, (async () => stop())(), log);
      }
    },
  };
}
