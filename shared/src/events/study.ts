import type { EventEntry } from './event-entry.ts';

export const studyEvents = {} as const satisfies Record<string, EventEntry>;
