import type { ErrorEntry } from './error-entry.ts';

/** Identity, enrolment and the hub's interface. */
export const provisioningErrors = {
  'authority-exists': {
    what: 'There is an authority in this folder already',
    remedy: 'Choose an empty folder; an authority is never overwritten, because every device trusts it',
    class: 'permanent',
  },
  'authority-unreadable': {
    what: 'The certificate authority cannot be opened',
    remedy: 'Check the paths under authority: root, issuing certificate and its key must belong together',
    class: 'permanent',
  },
  'csr-invalid': {
    what: 'The certificate request is not valid',
    remedy: 'Start the enrolment again; the appliance makes a new request',
    class: 'permanent',
  },
  'csr-wrong-subject': {
    what: 'The certificate request names another device',
    remedy: 'Make the request with the serial that the token was made for as its common name',
    class: 'permanent',
  },
  'csr-weak-key': {
    what: 'The key of the certificate request is not allowed',
    remedy: 'Use an ECDSA key on the curve P-256, as the appliance does by itself',
    class: 'permanent',
  },
  'token-unknown': {
    what: 'The enrolment token is not known to this hub',
    remedy: 'Check that the whole token was copied, or make a new one with collimator provision token create',
    class: 'permanent',
  },
  'token-used': {
    what: 'The enrolment token was used already',
    remedy: 'A token enrols once; make a new one with collimator provision token create',
    class: 'permanent',
  },
  'token-expired': {
    what: 'The enrolment token has expired',
    remedy: 'Make a new one with collimator provision token create',
    class: 'permanent',
  },
  'token-wrong-serial': {
    what: 'The enrolment token was made for another serial',
    remedy: 'Use the token made for this appliance, or make one with its serial',
    class: 'permanent',
  },
  'device-key-exists': {
    what: 'This appliance is enrolled already',
    remedy: 'To enrol it anew, ask for replacement explicitly; its present identity then ends',
    class: 'permanent',
  },
  'hub-unreachable': {
    what: 'The hub does not answer',
    remedy: 'Check the address, the network and that the hub runs',
    class: 'transient',
  },
  'hub-untrusted': {
    what: 'The hub did not prove its identity',
    remedy: 'Give the root certificate of this hub (root-ca.crt) and an address that its certificate names',
    class: 'permanent',
  },
  'hub-answer-invalid': {
    what: 'The hub answered with something else than expected',
    remedy: 'Check that the address is that of a Collimator hub of the same version',
    class: 'permanent',
  },
  'hub-refused': {
    what: 'The hub refused the request',
    remedy: 'Read the reason and correct the request',
    class: 'permanent',
  },
  'operator-context-missing': {
    what: 'It is not known which hub to talk to',
    remedy: 'Give --config hub.yaml, or --hub URL --ca FILE --token-file FILE',
    class: 'permanent',
  },
  'operator-unauthorized': {
    what: 'The operator token is missing or wrong',
    remedy: "Send the content of the hub's operators.token_file as a bearer token",
    class: 'permanent',
  },
  'duration-invalid': {
    what: 'This is not a duration',
    remedy: 'Write a number and a unit, such as 90s, 30m, 24h or 7d',
    class: 'permanent',
  },
  'device-unknown': {
    what: 'No such device',
    remedy: 'List the devices with collimator hub devices list',
    class: 'permanent',
  },
  'device-retired': {
    what: 'The device is retired',
    remedy: 'A retired device comes back only by enrolling with a new token',
    class: 'permanent',
  },
  'run-unknown': {
    what: 'No such training run',
    remedy: 'List the runs with collimator hub runs list',
    class: 'permanent',
  },
  'run-queue-full': {
    what: 'Too many training runs are waiting',
    remedy: 'Wait until some are done',
    class: 'transient',
  },
  'run-launcher-unknown': {
    what: 'No such launcher',
    remedy: 'Name a launcher that hub.yaml lists under training.launchers',
    class: 'permanent',
  },
  'run-release-taken': {
    what: 'A release of this name and version is registered already',
    remedy: 'Raise the version in release.json; a registered release never changes',
    class: 'permanent',
  },
  'dataset-unknown': {
    what: 'The hub has no such dataset',
    remedy: 'List its folder under datasets in hub.yaml; name and version are those of its dataset.json',
    class: 'permanent',
  },
  'request-invalid': {
    what: 'The request does not fit its schema',
    remedy: 'Correct each path named; /openapi.json describes every request',
    class: 'permanent',
  },
  'request-too-large': {
    what: 'The request is too large',
    remedy: 'Send less at once',
    class: 'permanent',
  },
  'request-too-many': {
    what: 'Too many requests came from this address',
    remedy: 'Wait a minute and try again',
    class: 'transient',
  },
  'route-unknown': {
    what: 'There is nothing at this address',
    remedy: '/openapi.json lists every route',
    class: 'permanent',
  },
  'hub-internal': {
    what: 'The hub failed to answer',
    remedy: 'Read the log of the hub at the time of the request, and report it as a defect',
    class: 'transient',
  },
  'audit-broken': {
    what: 'The audit log was changed after it was written',
    remedy: 'Keep the file as evidence and compare it with a backup',
    class: 'permanent',
  },
} as const satisfies Record<string, ErrorEntry>;
