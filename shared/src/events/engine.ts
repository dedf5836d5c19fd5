import type { EventEntry } from './event-entry.ts';

/** What the devices and their processes do. `job` is a row id of the appliance. */
export const engineEvents = {
  'task-started': {
    level: 'debug',
    audit: false,
    text: 'A worker begins with a piece of a job, or with a request',
    fields: ['job', 'device', 'task', 'items'],
  },
  'chunk-requeued': {
    level: 'warn',
    audit: true,
    text: 'A worker died or was stuck, and what it had is given to another one',
    fields: ['job', 'code', 'detail', 'deaths'],
  },
  'batch-lowered': {
    level: 'warn',
    audit: false,
    text: 'A device ran out of memory, and gets smaller batches of this release until it has a new process',
    fields: ['device', 'release', 'version', 'items'],
  },
  'worker-grown': {
    level: 'warn',
    audit: true,
    text: 'An inference process takes more memory than it may, and a new one takes its place',
    fields: ['device', 'bytes', 'bytes_max'],
  },
  'device-state': {
    level: 'warn',
    audit: true,
    text: 'A device gets no work for now; it is tried again',
    fields: ['device', 'state', 'reason'],
  },
  'job-poison': {
    level: 'error',
    audit: true,
    text: 'Workers died of a job again and again: it is set aside, and which images it was about is in the folder poison',
    fields: ['job', 'device'],
  },
  'study-prioritized': {
    level: 'info',
    audit: true,
    text: 'Somebody on site gave the queued jobs of a study another priority',
    fields: ['study', 'priority', 'jobs'],
  },
} as const satisfies Record<string, EventEntry>;
