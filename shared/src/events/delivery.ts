import type { EventEntry } from './event-entry.ts';

export const deliveryEvents = {
  'destination-away': {
    level: 'warn',
    audit: true,
    text: 'A destination cannot be reached or takes nothing; its results wait',
    fields: ['destination', 'detail', 'waiting', 'failures', 'again_in_ms'],
  },
} as const satisfies Record<string, EventEntry>;
