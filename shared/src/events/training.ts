import type { EventEntry } from './event-entry.ts';

export const trainingEvents = {
  'run-queued': { level: 'info', audit: true, text: 'A training run was queued', fields: ['run', 'experiment'] },
  'run-started': { level: 'info', audit: false, text: 'A training run started', fields: ['run', 'launcher'] },
  'run-started-over': {
    level: 'warn',
    audit: false,
    text: 'A training run was interrupted and starts over',
    fields: ['run'],
  },
  'run-succeeded': {
    level: 'info',
    audit: true,
    text: 'A training run left a registered release',
    fields: ['run', 'release', 'version', 'duration_ms'],
  },
  'run-failed': { level: 'error', audit: true, text: 'A training run failed', fields: ['run', 'code', 'reason'] },
} as const satisfies Record<string, EventEntry>;
