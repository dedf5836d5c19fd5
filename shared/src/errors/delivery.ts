import type { ErrorEntry } from './error-entry.ts';

export const deliveryErrors = {
  'peer-echo-unsupported': {
    what: 'A destination of this kind knows no C-ECHO',
    remedy: 'Try it with `collimator agent peers test-send NAME`',
    class: 'permanent',
  },
} as const satisfies Record<string, ErrorEntry>;
