import type { EventEntry } from './event-entry.ts';

export const modelEvents = {
  'model-phase': {
    level: 'info',
    audit: true,
    text: 'A release went one step further on this device',
    fields: ['name', 'version', 'sha256', 'serial', 'phase'],
  },
  'model-refused': {
    level: 'warn',
    audit: true,
    text: 'A release was refused; what ran before goes on running',
    fields: ['name', 'version', 'sha256', 'serial', 'code', 'reason', 'retry_s'],
  },
  'model-postponed': {
    level: 'info',
    audit: false,
    text: 'Work on a release waits and is tried again',
    fields: ['name', 'version', 'serial', 'code', 'reason', 'retry_s'],
  },
  'metadata-refused': {
    level: 'warn',
    audit: true,
    text: 'Trust metadata was refused; what was trusted before stays',
    fields: ['role', 'code', 'reason'],
  },
  'metadata-trusted': {
    level: 'info',
    audit: true,
    text: 'Newer trust metadata was accepted',
    fields: ['role', 'version'],
  },
  'model-folder-broken': {
    level: 'error',
    audit: true,
    text: 'The folder of an active release is broken and was not used',
    fields: ['name', 'version', 'reason'],
  },
  'model-untested-on-device': {
    level: 'warn',
    audit: false,
    text: 'The golden cases of a release could not be run on a GPU before it became active; the device tests it when it loads it',
    fields: ['device', 'name', 'version', 'code', 'reason'],
  },
  'model-way-failed': {
    level: 'error',
    audit: false,
    text: 'Work on releases failed unexpectedly and is tried again',
    fields: ['reason', 'retry_s'],
  },
} as const satisfies Record<string, EventEntry>;
