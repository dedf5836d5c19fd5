import type { EventEntry } from './event-entry.ts';

/** Priors: what was asked for, fetched and made of it. Jobs and series by internal numbers; nothing of the patient. */
export const priorEvents = {
  'priors-asked': {
    level: 'info',
    audit: true,
    text: 'The PACS was asked for priors of the patient of a job',
    fields: ['job', 'listed', 'differing', 'studies', 'series', 'to_fetch'],
  },
  'priors-not-asked': {
    level: 'warn',
    audit: false,
    text: 'The PACS could not be asked for priors, or did not answer as it should',
    fields: ['job', 'attempt', 'again', 'reason', 'detail'],
  },
  'prior-series-moved': {
    level: 'info',
    audit: true,
    text: 'A series of a prior is here',
    fields: ['images', 'attempt', 'duration_ms'],
  },
  'prior-series-not-moved': {
    level: 'warn',
    audit: false,
    text: 'A series of a prior did not come whole',
    fields: ['reason', 'attempt', 'again', 'completed', 'failed', 'images', 'expected', 'duration_ms'],
  },
  'priors-settled': {
    level: 'info',
    audit: true,
    text: 'A job waits for priors no longer; what it is given, and why not more',
    fields: ['job', 'outcome', 'reason', 'studies', 'series', 'refused', 'waited_ms'],
  },
  'prior-image-taken-as-new': {
    level: 'info',
    audit: true,
    text: 'An image that had been fetched as a prior was sent to be read, and is so from now on',
    fields: ['instance'],
  },
} as const satisfies Record<string, EventEntry>;
