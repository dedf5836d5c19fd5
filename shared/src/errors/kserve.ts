import type { ErrorEntry } from './error-entry.ts';

/** What a program that asks for inference (KServe v2) is told. */
export const kserveErrors = {
  'kserve-unauthorized': {
    what: 'Who asks is not known',
    remedy: 'Send the bearer token or show the certificate of this program; see kserve-v2.md',
    class: 'permanent',
  },
  'kserve-forbidden': {
    what: 'This program may not ask that',
    remedy: 'Have it allowed under local_api.inference.programs of the appliance',
    class: 'permanent',
  },
  'kserve-not-found': {
    what: 'There is no such route',
    remedy: 'See kserve-v2.md for the parts of the protocol that are spoken',
    class: 'permanent',
  },
  'kserve-model-unknown': {
    what: 'There is no such model',
    remedy: 'Ask for a release that is active on this appliance; one of several stages is named RELEASE.STAGE',
    class: 'permanent',
  },
  'kserve-malformed': {
    what: 'The request cannot be read',
    remedy: 'Check it against the protocol: the JSON, its keys, and the length of each part',
    class: 'permanent',
  },
  'kserve-tensor-invalid': {
    what: 'A tensor does not fit the model',
    remedy: "Compare name, shape, datatype and data with the model's metadata",
    class: 'permanent',
  },
  'kserve-unsupported': {
    what: 'The request asks for something that is not offered',
    remedy: 'Leave it out; kserve-v2.md says what is offered',
    class: 'permanent',
  },
  'kserve-length-required': {
    what: 'The length of the body is not known',
    remedy: 'Send Content-Length and no chunked encoding',
    class: 'permanent',
  },
  'kserve-too-large': {
    what: 'The request is too large',
    remedy: 'Send fewer items at a time or their data in binary form, or raise local_api.inference.limits',
    class: 'permanent',
  },
  'kserve-overloaded': {
    what: 'There is no room for the request now',
    remedy: 'Send it again later, as Retry-After says',
    class: 'transient',
  },
  'kserve-not-ready': {
    what: 'The model is not ready on any device',
    remedy: 'Send it again later, as Retry-After says; see the log of the appliance if that lasts',
    class: 'transient',
  },
  'kserve-timeout': {
    what: 'The time for an answer is over',
    remedy: 'Give it more time, or ask with a higher priority where the program may',
    class: 'transient',
  },
  'kserve-failed': {
    what: 'The model could not be run',
    remedy: 'See the log of the appliance for the code',
    class: 'ambiguous',
  },
} as const satisfies Record<string, ErrorEntry>;
