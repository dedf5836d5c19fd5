import type { EventEntry } from './event-entry.ts';

export const linkEvents = {
  'link-up': { level: 'info', audit: false, text: 'The hub is connected', fields: [] },
  'link-lost': { level: 'warn', audit: false, text: 'The hub is not connected; work goes on', fields: ['reason'] },
  'link-certificate-expired': {
    level: 'error',
    audit: true,
    text: 'The certificate of this appliance is outside its time of validity; the hub will refuse it',
    fields: ['code', 'valid_from', 'valid_to'],
  },
  'link-publish-failed': {
    level: 'debug',
    audit: false,
    text: 'A message did not reach the broker',
    fields: ['kind', 'code'],
  },
  'link-message-refused': {
    level: 'warn',
    audit: false,
    text: 'A message of the hub does not fit its schema and was ignored',
    fields: ['kind', 'reason'],
  },
  'outbox-acknowledged': {
    level: 'debug',
    audit: false,
    text: 'The hub has stored events of this appliance',
    fields: ['through_seq', 'pending'],
  },
  'outbox-refused': {
    level: 'error',
    audit: true,
    text: 'The outbox is full; an event for the hub was not taken and is reported again later',
    fields: ['entries_max'],
  },
  'outbox-failed': {
    level: 'error',
    audit: false,
    text: 'The outbox could not be written',
    fields: ['code'],
  },
  'telemetry-failed': {
    level: 'warn',
    audit: false,
    text: 'The telemetry could not be put together',
    fields: ['code'],
  },
  'local-api-error': {
    level: 'error',
    audit: false,
    text: 'A request to the local API failed',
    fields: ['route', 'code', 'reason'],
  },
  'host-facts-failed': { level: 'warn', audit: false, text: 'Facts of the host cannot be read', fields: ['reason'] },
  'drain-timed-out': {
    level: 'warn',
    audit: false,
    text: 'Stopping took longer than its bound; what was left is taken up at the next start',
    fields: ['part', 'bound_s'],
  },
  'stop-failed': {
    level: 'warn',
    audit: false,
    text: 'A part of the program did not stop cleanly',
    fields: ['part', 'code', 'place'],
  },
} as const satisfies Record<string, EventEntry>;
