import type { ErrorEntry } from './error-entry.ts';

export const demoErrors = {
  'demo-folder': {
    what: 'The folder of the demo is not empty',
    remedy: 'Name a new one with --data, or remove it',
    class: 'permanent',
  },
  'demo-program-died': {
    what: 'A program of the demo has died',
    remedy: 'Its log stands in the logs folder of the demo',
    class: 'permanent',
  },
  'demo-command': {
    what: 'A command of the demo failed',
    remedy: 'Read its message; the programs and their logs are in the folder of the demo',
    class: 'permanent',
  },
  'demo-failed': {
    what: 'The loop did not close',
    remedy: 'The stage that failed is the last one shown; logs and configuration stay in the folder of the demo',
    class: 'permanent',
  },
  'demo-timeout': {
    what: 'A stage of the demo did not come to its end in time',
    remedy: 'Read the logs of the programs in the folder of the demo',
    class: 'permanent',
  },
  'demo-wrong-result': {
    what: 'The loop closed with a wrong result',
    remedy: 'Compare the objects in the folder of the demo with the source series',
    class: 'permanent',
  },
} as const satisfies Record<string, ErrorEntry>;
