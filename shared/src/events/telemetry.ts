import type { EventEntry } from './event-entry.ts';

export const telemetryEvents = {
  'traces-not-exported': {
    level: 'warn',
    audit: false,
    text: 'The collector of traces did not take spans; they are not sent again, and no study waits for it',
    fields: ['reason', 'spans', 'dropped', 'not_logged'],
  },
  'traces-failed': {
    level: 'error',
    audit: false,
    text: 'A span could not be made; the study goes on',
    fields: ['code', 'place', 'not_logged'],
  },
} as const satisfies Record<string, EventEntry>;
