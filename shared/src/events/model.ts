import type { EventEntry } from './event-entry.ts';

export const modelEvents = {} as const satisfies Record<string, EventEntry>;
