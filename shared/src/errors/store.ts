import type { ErrorEntry } from './error-entry.ts';

export const storeErrors = {
  'store-conflict': {
    what: 'A write found other data than it expected',
    remedy: 'Read again and decide anew; nothing of this write was stored',
    class: 'transient',
  },
  'store-schema': {
    what: 'The database was made by another version',
    remedy: 'Start the version that made it, or restore a backup; the file was left untouched',
    class: 'permanent',
  },
  'store-unavailable': {
    what: 'The database cannot be written',
    remedy: 'Check the disk and its free space; nothing of this write was acknowledged',
    class: 'transient',
  },
} as const satisfies Record<string, ErrorEntry>;
