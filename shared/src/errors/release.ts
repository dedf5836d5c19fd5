import type { ErrorEntry } from './error-entry.ts';

export const releaseErrors = {
  'metadata-malformed': {
    what: 'The trust metadata cannot be read',
    remedy: 'Nothing was installed; publish the metadata again from the hub',
    class: 'permanent',
  },
  'metadata-key-unknown': {
    what: 'The trust metadata is signed by a key that the trusted root does not name for it',
    remedy: 'Nothing was installed; sign with a key of the role, or find out who signed this',
    class: 'permanent',
  },
  'metadata-signature-invalid': {
    what: 'A signature on the trust metadata is wrong',
    remedy: 'Nothing was installed; find out who changed the metadata after it was signed',
    class: 'permanent',
  },
  'metadata-signatures-too-few': {
    what: 'The trust metadata has fewer signatures than its threshold',
    remedy: 'Nothing was installed; sign with more keys of the role',
    class: 'permanent',
  },
  'metadata-older': {
    what: 'The trust metadata is older than what was trusted before',
    remedy: 'Nothing was installed; find out who replays old metadata, or whether the hub was restored from a backup',
    class: 'permanent',
  },
  'metadata-expired': {
    what: 'The trust metadata has expired',
    remedy: 'What runs goes on running; check the clock of the device and that the hub publishes',
    class: 'permanent',
  },
  'metadata-pending': {
    what: 'The trust metadata has not arrived here yet',
    remedy: 'It follows by itself once the hub answers; check the link if it stays so',
    class: 'transient',
  },
  'metadata-mismatch': {
    what: 'The trust metadata does not belong to what names it',
    remedy: 'Nothing was installed; publish the metadata again from the hub',
    class: 'permanent',
  },
  'root-version-skipped': {
    what: 'The root metadata is not the direct successor of the trusted one',
    remedy: 'Nothing was changed; publish every version of the root, in order',
    class: 'permanent',
  },
  'assignment-malformed': {
    what: 'The assignment cannot be read',
    remedy: 'Nothing was installed; roll the release out again',
    class: 'permanent',
  },
  'assignment-signature-invalid': {
    what: 'The assignment is not signed by the director that the trusted root names',
    remedy: 'Nothing was installed; find out who sent it, and check the director key of the hub',
    class: 'permanent',
  },
  'assignment-wrong-device': {
    what: 'The assignment is for another device',
    remedy: 'Nothing was installed; find out who sent it here',
    class: 'permanent',
  },
  'assignment-older': {
    what: 'The assignment is older than the one that was accepted before',
    remedy: 'Nothing was installed; to go back to an earlier release, make a new roll-out of it',
    class: 'permanent',
  },
  'assignment-expired': {
    what: 'The assignment has expired',
    remedy: 'What runs goes on running; roll the release out again',
    class: 'permanent',
  },
  'target-unknown': {
    what: 'The signed targets do not name this release',
    remedy: 'Nothing was installed; sign the release with the targets keys, then roll it out again',
    class: 'permanent',
  },
  'target-mismatch': {
    what: 'The release is not the one that the signed targets name',
    remedy: 'Nothing was installed; find out who changed it after it was signed',
    class: 'permanent',
  },
  'release-invalid': {
    what: 'The release folder has problems',
    remedy: 'Correct each path named and register it again',
    class: 'permanent',
  },
  'release-path-unsafe': {
    what: 'The release names a file outside its folder',
    remedy: 'Use plain relative paths of letters, digits, dots, dashes and underscores',
    class: 'permanent',
  },
  'release-incompatible': {
    what: 'This device cannot run the release',
    remedy: 'Roll out a release for this kind of device',
    class: 'permanent',
  },
  'release-conflict': {
    what: 'Another release has this name and version',
    remedy: 'Give the new one a higher version',
    class: 'permanent',
  },
  'release-unknown': {
    what: 'No such release is registered',
    remedy: 'List the registered ones with: collimator hub models list',
    class: 'permanent',
  },
  'release-not-signed': {
    what: 'The release is not signed',
    remedy: 'Sign it first: collimator provision releases sign NAME@VERSION --targets-key FILE',
    class: 'permanent',
  },
  'release-already-signed': {
    what: 'The release is signed already',
    remedy: 'Nothing is left to do',
    class: 'permanent',
  },
  'targets-out-of-date': {
    what: 'The signed targets are not the next ones',
    remedy: 'Draw a new draft and sign that; somebody else signed in the meantime',
    class: 'permanent',
  },
  'targets-changed': {
    what: 'The signed targets change or drop a release that was signed before',
    remedy: 'Draw a new draft and sign it unchanged',
    class: 'permanent',
  },
  'trust-repository-broken': {
    what: 'The trust repository of the hub cannot be used',
    remedy: 'Restore the folder from a backup, or lay down the output of: collimator provision keys',
    class: 'permanent',
  },
  'signing-key-unusable': {
    what: 'The signing key cannot be used',
    remedy: 'Give an Ed25519 private key in a PKCS#8 PEM file, readable by you alone',
    class: 'permanent',
  },
  'signing-key-wrong': {
    what: 'The trusted root does not name this key for the role',
    remedy: 'Use a key file of this role from: collimator provision keys',
    class: 'permanent',
  },
  'signing-declined': {
    what: 'Nothing was signed',
    remedy: 'Answer yes, or give --yes where nobody can be asked',
    class: 'permanent',
  },
  'keys-exist': {
    what: 'The folder holds keys already',
    remedy: 'Choose an empty folder; keys are never overwritten',
    class: 'permanent',
  },
  'rollout-device-unknown': {
    what: 'No such device is enrolled',
    remedy: 'List the enrolled ones with: collimator hub devices list',
    class: 'permanent',
  },
  'rollout-unknown': {
    what: 'No such roll-out',
    remedy: 'List them with: collimator hub rollouts list',
    class: 'permanent',
  },
  'rollout-nothing-before': {
    what: 'There is no earlier release to go back to',
    remedy: 'Roll out the release that you want by name and version',
    class: 'permanent',
  },
} as const satisfies Record<string, ErrorEntry>;
