import type { EventEntry } from './event-entry.ts';

export const releaseEvents = {
  'release-registered': {
    level: 'info',
    audit: true,
    text: 'A release was registered',
    fields: ['name', 'version', 'sha256', 'bytes', 'files'],
  },
  'targets-accepted': {
    level: 'info',
    audit: true,
    text: 'Newly signed targets were accepted',
    fields: ['version', 'added'],
  },
  'targets-refused': {
    level: 'warn',
    audit: true,
    text: 'Signed targets were refused',
    fields: ['code', 'reason'],
  },
  'timestamp-refreshed': {
    level: 'debug',
    audit: false,
    text: 'The timestamp was signed anew',
    fields: ['version', 'snapshot'],
  },
  'rollout-created': {
    level: 'info',
    audit: true,
    text: 'A roll-out was created',
    fields: ['rollout', 'name', 'version', 'sha256', 'devices'],
  },
  'rollout-progress': {
    level: 'info',
    audit: true,
    text: 'A device told what it did with its assignment',
    fields: ['device', 'name', 'version', 'serial', 'phase', 'code'],
  },
  'publish-postponed': {
    level: 'warn',
    audit: false,
    text: 'A message could not be published; it goes out on the next connection',
    fields: ['topic', 'reason'],
  },
  'chunk-request-refused': {
    level: 'warn',
    audit: false,
    text: 'Chunk requests of a device were dropped',
    fields: ['device', 'reason', 'dropped'],
  },
} as const satisfies Record<string, EventEntry>;
