import type { EventEntry } from './event-entry.ts';

export const deliveryEvents = {
  'destination-away': {
    level: 'warn',
    audit: true,
    text: 'A destination cannot be reached or takes nothing; its results wait',
    fields: ['destination', 'detail', 'waiting', 'failures', 'again_in_ms'],
  },
  'commitment-asked': {
    level: 'info',
    audit: true,
    text: 'A destination was asked to commit results',
    fields: ['destination', 'commitment', 'results'],
  },
  'commitment-refused': {
    level: 'warn',
    audit: true,
    text: 'A destination took no storage commitment request; it is asked again',
    fields: ['destination', 'commitment', 'results', 'detail'],
  },
  'commitment-unanswered': {
    level: 'warn',
    audit: true,
    text: 'The answer to a storage commitment request did not come; it is asked again',
    fields: ['destination', 'commitment', 'results'],
  },
  'commitment-reported': {
    level: 'info',
    audit: true,
    text: 'A destination reported on a storage commitment request',
    fields: ['destination', 'commitment', 'committed', 'resent', 'again', 'failed'],
  },
  'commitment-failed': {
    level: 'error',
    audit: true,
    text: 'A destination did not commit a result, and is not asked any more',
    fields: ['destination', 'commitment', 'delivery', 'reason'],
  },
  'commitment-requested': {
    level: 'info',
    audit: true,
    text: 'A sender asks us to commit instances; a destination is asked first',
    fields: ['calling', 'instances'],
  },
  'commitment-answered': {
    level: 'info',
    audit: true,
    text: 'A sender was told what is committed',
    fields: ['calling', 'committed', 'failed'],
  },
  'commitment-answer-given-up': {
    level: 'error',
    audit: true,
    text: 'A sender could not be told what is committed',
    fields: ['calling', 'committed', 'failed', 'detail'],
  },
  'study-retried': {
    level: 'info',
    audit: true,
    text: 'What had failed in a study was taken up again by hand',
    fields: ['study', 'jobs', 'deliveries', 'commitments'],
  },
} as const satisfies Record<string, EventEntry>;
