import type { EventEntry } from './event-entry.ts';

/** `study`, `series`, `revision`, `job` and `delivery` are row ids of the appliance, never DICOM UIDs. */
export const studyEvents = {
  'study-complete': {
    level: 'info',
    audit: true,
    text: 'A study is complete',
    fields: ['study', 'revision', 'number', 'series', 'jobs', 'waiting'],
  },
  'study-late-images-ignored': {
    level: 'warn',
    audit: true,
    text: 'Images came after the study was complete and were not used',
    fields: ['study'],
  },
  'series-selected': {
    level: 'info',
    audit: true,
    text: 'A series is to be processed',
    fields: ['revision', 'series', 'release'],
  },
  'series-not-selected': {
    level: 'info',
    audit: true,
    text: 'A series is not for this release',
    fields: ['revision', 'series', 'release', 'reasons'],
  },
  'study-unmatched': {
    level: 'info',
    audit: true,
    text: 'No release takes a study, and a route is to say so',
    fields: ['revision', 'release', 'detail'],
  },
  'own-object-returned': {
    level: 'info',
    audit: true,
    text: 'A result of ours came back and is not processed',
    fields: ['instance'],
  },
  'job-started': {
    level: 'info',
    audit: false,
    text: 'A job is running',
    fields: ['job', 'device', 'attempt', 'slices'],
  },
  'job-inferred': {
    level: 'info',
    audit: true,
    text: 'A job has its results on disk',
    fields: [
      'job',
      'device',
      'release',
      'version',
      'sha256',
      'slices',
      'decode_ms',
      'infer_ms',
      'result_ms',
      'total_ms',
    ],
  },
  'job-requeued': {
    level: 'warn',
    audit: true,
    text: 'A job goes back to the queue',
    fields: ['job', 'code', 'detail', 'attempts'],
  },
  'job-failed': {
    level: 'error',
    audit: true,
    text: 'A job has failed for good',
    fields: ['job', 'class', 'code', 'detail'],
  },
  'job-status-report-failed': {
    level: 'error',
    audit: true,
    text: 'The report that says why a job failed could not be made',
    fields: ['job', 'reason'],
  },
  'device-ready': {
    level: 'info',
    audit: true,
    text: 'An inference process is warm',
    fields: ['device', 'provider', 'releases', 'warm_ms'],
  },
  'device-without-cuda': {
    level: 'warn',
    audit: true,
    text: 'CUDA cannot be used on a GPU, the CPU does its work; `npm run gpu:install` fetches what may be missing',
    fields: ['device', 'provider'],
  },
  'device-down': {
    level: 'error',
    audit: true,
    text: 'An inference process ended',
    fields: ['device', 'code', 'reason', 'again_in_ms'],
  },
  'study-stage-failed': {
    level: 'error',
    audit: true,
    text: 'A stage of the way met an unexpected error and tries again',
    fields: ['stage', 'reason'],
  },
  'delivery-sent': {
    level: 'info',
    audit: true,
    text: 'A destination has a result',
    fields: ['delivery', 'job', 'object', 'destination', 'status', 'attempt', 'duration_ms'],
  },
  'delivery-retry': {
    level: 'warn',
    audit: true,
    text: 'A result could not be delivered and is tried again',
    fields: ['delivery', 'object', 'destination', 'class', 'code', 'detail', 'attempt', 'again_in_ms'],
  },
  'delivery-failed': {
    level: 'error',
    audit: true,
    text: 'A result could not be delivered',
    fields: ['delivery', 'object', 'destination', 'class', 'code', 'detail'],
  },
} as const satisfies Record<string, EventEntry>;
