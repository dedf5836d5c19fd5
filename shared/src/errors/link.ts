import type { ErrorEntry } from './coded-error.ts';

export const linkErrors = {
  'link-down': {
    what: 'There is no connection to the broker',
    remedy: 'It is retried by itself; check the hub address, the network and the certificate if it stays so',
    class: 'transient',
  },
} as const satisfies Record<string, ErrorEntry>;
