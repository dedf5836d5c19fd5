import type { ErrorEntry } from './error-entry.ts';

/** What a sender by STOW-RS is told. */
export const stowErrors = {
  'stow-unauthorized': {
    what: 'Who sends this is not known',
    remedy: 'Send the bearer token or show the certificate of this sender; see stow-rs.md',
    class: 'permanent',
  },
  'stow-forbidden': {
    what: 'Nobody may send from this address',
    remedy: 'Have it listed under local_api.stow.sources of the appliance',
    class: 'permanent',
  },
  'stow-busy': {
    what: 'Nothing can be taken now',
    remedy: 'Send it again later, as Retry-After says',
    class: 'transient',
  },
  'stow-media-type': {
    what: 'The body is none that is taken',
    remedy: 'Send multipart/related; type="application/dicom" without a content encoding',
    class: 'permanent',
  },
  'stow-not-acceptable': {
    what: 'The answer cannot be given in a form that is asked for',
    remedy: 'Accept application/dicom+json',
    class: 'permanent',
  },
  'stow-malformed': {
    what: 'The request cannot be read',
    remedy: 'Check the sender: the boundary, the parts, and the study in the address',
    class: 'permanent',
  },
  'stow-too-large': {
    what: 'The request is too large',
    remedy: 'Send fewer objects at a time, or raise local_api.stow.limits',
    class: 'permanent',
  },
} as const satisfies Record<string, ErrorEntry>;
