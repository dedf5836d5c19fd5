import type { EventEntry } from './event-entry.ts';

/** Inference for other programs. Names of programs and releases are the configuration's; nothing of a request stands here. */
export const kserveEvents = {
  'kserve-finished': {
    level: 'debug',
    audit: false,
    text: 'A program has been answered',
    fields: [
      'program',
      'release',
      'version',
      'priority',
      'http_status',
      'code',
      'bytes',
      'answer_bytes',
      'duration_ms',
    ],
  },
  'kserve-refused': {
    level: 'warn',
    audit: true,
    text: 'A program was refused before its request was read; told once a minute per address and reason',
    fields: ['address', 'program', 'http_status', 'code', 'reason', 'not_logged'],
  },
  'kserve-failed': {
    level: 'error',
    audit: false,
    text: 'Inference for a program has failed; told once a minute per program and reason',
    fields: ['program', 'release', 'version', 'code', 'not_logged'],
  },
  'kserve-fault': {
    level: 'error',
    audit: false,
    text: 'A request of a program met a fault of ours',
    fields: ['code', 'place'],
  },
} as const satisfies Record<string, EventEntry>;
