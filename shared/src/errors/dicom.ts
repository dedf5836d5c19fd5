import type { ErrorEntry } from './error-entry.ts';

export const dicomErrors = {
  'dicom-unparsable': {
    what: 'A received object cannot be read as DICOM',
    remedy: 'It is kept in the quarantine folder; check the sender, then send it again',
    class: 'permanent',
  },
  'dicom-data-set-mismatch': {
    what: 'A received object is not what its sender announced',
    remedy: 'It is kept in the quarantine folder; check the sender or the router before it',
    class: 'permanent',
  },
  'dicom-instance-conflict': {
    what: 'An object came again under the same UID with other content',
    remedy: 'The first is kept and used, the other is in the quarantine folder; find out which of them is right',
    class: 'permanent',
  },
} as const satisfies Record<string, ErrorEntry>;
