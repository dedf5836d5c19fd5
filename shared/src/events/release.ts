import type { EventEntry } from './event-entry.ts';

export const releaseEvents = {} as const satisfies Record<string, EventEntry>;
