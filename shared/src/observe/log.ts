import type { EventFields, EventName } from '../events/registry.ts';

/** Where events go. Only registered events with registered fields can be logged. */
export interface Log {
  event<N extends EventName>(name: N, fields?: EventFields<N>): void;
}

/** For tests and library code that nobody listens to. */
export const silentLog: Log = { event: () => undefined };
