import type { ErrorEntry } from './error-entry.ts';

export const configErrors = {
  'config-invalid': {
    what: 'The configuration has problems',
    remedy: 'Correct each path named and start again; nothing was started',
    class: 'permanent',
  },
  'config-unreadable': {
    what: 'The file cannot be read',
    remedy: 'Check the path and its permissions',
    class: 'permanent',
  },
} as const satisfies Record<string, ErrorEntry>;
