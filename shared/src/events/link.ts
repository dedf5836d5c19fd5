import type { EventEntry } from './event-entry.ts';

export const linkEvents = {} as const satisfies Record<string, EventEntry>;
