import type { ErrorEntry } from './error-entry.ts';

export const deliveryErrors = {
  'peer-echo-unsupported': {
    what: 'A destination of this kind knows no C-ECHO',
    remedy: 'Try it with `collimator agent peers test-send NAME`',
    class: 'permanent',
  },
  'request-foreign': {
    what: 'The local API takes no changes from there',
    remedy: 'Send JSON from this machine, by its address or as localhost: the command line does',
    class: 'permanent',
  },
  'peer-exists': {
    what: 'A destination with this name is there already',
    remedy: 'Take another name, or change the destination in the configuration file',
    class: 'permanent',
  },
  'peer-test-failed': {
    what: 'The destination did not take the test object',
    remedy: 'See the status and words of the destination; its log says more',
    class: 'permanent',
  },
} as const satisfies Record<string, ErrorEntry>;
