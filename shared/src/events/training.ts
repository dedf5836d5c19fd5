import type { EventEntry } from './event-entry.ts';

export const trainingEvents = {} as const satisfies Record<string, EventEntry>;
