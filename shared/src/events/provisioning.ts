import type { EventEntry } from './event-entry.ts';

export const provisioningEvents = {} as const satisfies Record<string, EventEntry>;
