import type { EventEntry } from './event-entry.ts';

export const dicomEvents = {} as const satisfies Record<string, EventEntry>;
