import type { ErrorEntry } from './error-entry.ts';

/**
 * Model servers. Whatever goes wrong while a study is computed is transient, a certificate that has expired included:
 * it says nothing of the study, another device may compute it, and the server may be put right.
 */
export const remoteErrors = {
  'remote-unreachable': {
    what: 'A model server cannot be reached',
    remedy: 'Check url and network of the device in the configuration; it is tried again by itself',
    class: 'transient',
  },
  'remote-untrusted': {
    what: 'TLS with a model server failed',
    remedy:
      'Check tls.ca against the authority and the name of its certificate, its time, and the certificate shown to it',
    class: 'transient',
  },
  'remote-secret-unreadable': {
    what: 'A certificate, key or token for a model server cannot be read',
    remedy: 'Let the agent read the files that the device names in the configuration',
    class: 'transient',
  },
  'remote-timeout': {
    what: 'A model server did not answer in time',
    remedy: 'Look at its load; raise timeouts.response_s where the model takes longer than that',
    class: 'transient',
  },
  'remote-cut': {
    what: 'The connection to a model server broke off in the middle of an answer',
    remedy: 'It is tried again by itself; look at the server and at what is in between if it stays so',
    class: 'transient',
  },
  'remote-overloaded': {
    what: 'A model server has too much to do',
    remedy: 'It is tried again later; give it more room or list fewer workers',
    class: 'transient',
  },
  'remote-failed': {
    what: 'A model server failed',
    remedy: 'Read its log; it is tried again by itself',
    class: 'transient',
  },
  'remote-unauthorized': {
    what: 'A model server does not let us in',
    remedy: 'Check token_file and tls.certificate of the device in the configuration',
    class: 'transient',
  },
  'remote-refused': {
    what: 'A model server refused a request',
    remedy: 'Compare the model there with the release, and protocol and tensors of the device in the configuration',
    class: 'transient',
  },
  'remote-model-missing': {
    what: 'A model server does not have the model',
    remedy: 'Load it there, or correct models of the device in the configuration; it is asked again by itself',
    class: 'transient',
  },
  'remote-answer-invalid': {
    what: 'A model server answered with something that its protocol does not know',
    remedy: 'Check protocol and url of the device in the configuration, and what stands between it and the server',
    class: 'transient',
  },
  'remote-model-changed': {
    what: 'The model of a model server is not the one any more that was tested',
    remedy: 'The device is opened and tested anew by itself; see whether it is attested afterwards',
    class: 'transient',
  },
  'remote-model-unattested': {
    what: 'Only a model server could compute it whose model is not known to be the release, which the route refuses',
    remedy:
      'Let the server name the digest of the release, give another device the release, or set unattested of the route to allow; then retry the study',
    class: 'permanent',
  },
  'remote-model-unfit': {
    what: 'The model of a model server does not have the inputs and outputs of the release',
    remedy: 'Serve the model of the release as it was exported, or correct models of the device in the configuration',
    class: 'permanent',
  },
} as const satisfies Record<string, ErrorEntry>;
