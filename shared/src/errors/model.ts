import type { ErrorEntry } from './error-entry.ts';

export const modelErrors = {
  'chunk-timeout': {
    what: 'The hub did not send a part of the release in time',
    remedy: 'It is asked for again by itself; check the link if it stays so',
    class: 'transient',
  },
  'chunk-missing': {
    what: 'The hub does not have a part of the release',
    remedy: 'Register the release at the hub again; it is asked for again later',
    class: 'permanent',
  },
  'chunk-mismatch': {
    what: 'A part of the release has other bytes than were signed',
    remedy: 'Nothing was installed; find out who changes bytes on the way or at the hub',
    class: 'permanent',
  },
  'file-mismatch': {
    what: 'A file of the release has other bytes than were signed',
    remedy: 'Nothing was installed; register and sign the release again',
    class: 'permanent',
  },
  'golden-mismatch': {
    what: 'The release does not give its golden outputs on this device',
    remedy: 'Nothing was swapped; compare the device and its execution provider with the one that made the release',
    class: 'permanent',
  },
  'self-test-failed': {
    what: 'The self-test of the release did not end',
    remedy: 'Nothing was swapped; read the log of the device; it is tried again later',
    class: 'transient',
  },
  'model-disk-full': {
    what: 'There is too little room on the disk for the release',
    remedy: 'Make room on the data folder of the device; it is tried again by itself',
    class: 'transient',
  },
  'model-superseded': {
    what: 'A newer assignment took the place of this one',
    remedy: 'Nothing to do',
    class: 'transient',
  },
  'trusted-root-unusable': {
    what: 'The trusted root on this device cannot be used',
    remedy: 'Enrol the device again',
    class: 'permanent',
  },
} as const satisfies Record<string, ErrorEntry>;
