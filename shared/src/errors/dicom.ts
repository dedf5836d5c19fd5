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
    remedy:
      'Find out which is right, then `collimator agent quarantine release` takes the new one or `discard` keeps the first',
    class: 'permanent',
  },
  'dicom-file-unindexed': {
    what: 'A file lay among the studies that the index does not know and that cannot be taken up',
    remedy: 'Nobody was told that it is stored; discard it when its sender has sent the object again',
    class: 'permanent',
  },
  'quarantine-entry-unknown': {
    what: 'There is no such object in the quarantine, or it has been decided about',
    remedy: 'See `collimator agent quarantine list` for those that wait',
    class: 'permanent',
  },
  'quarantine-file-damaged': {
    what: 'An object in the quarantine is not what was received',
    remedy: 'Look at the disk; discard it and send the object again',
    class: 'permanent',
  },
  'quarantine-still-refused': {
    what: 'The object cannot be taken in',
    remedy: 'Put it right at its source and send it again, then discard this one',
    class: 'permanent',
  },
} as const satisfies Record<string, ErrorEntry>;
