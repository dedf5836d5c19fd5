import type { Log } from '@collimator/shared/observe/log';
import { within } from './within.ts';

/** What was started, to be stopped in the opposite order, each part within a bound. */
export interface StopOrder {
  add(part: string, stop: () => void | Promise<void>): void;
  run(): Promise<void>;
}

export function createStopOrder(bound_ms: number, log: Log): StopOrder {
  const parts: { readonly part: string; readonly stop: () => void | Promise<void> }[] = [];
  return {
    add: (part, stop) => void parts.push({ part, stop }),
    async run() {
      for (let next = parts.pop(); next !== undefined; next = parts.pop()) {
        const { part, stop } = next;
        await within(part, bound_ms, (async () => stop())(), log);
      }
    },
  };
}
