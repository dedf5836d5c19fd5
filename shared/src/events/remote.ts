import type { EventEntry } from './event-entry.ts';

/** Model servers, by host and port; what they compute for is told by names of devices and releases. */
export const remoteEvents = {
  'remote-model-attested': {
    level: 'info',
    audit: true,
    text: 'The model of a server is that of the release: its metadata names the digest, and it gives the golden outputs',
    fields: ['device', 'release', 'version', 'protocol', 'server', 'model', 'model_version'],
  },
  'remote-model-unattested': {
    level: 'warn',
    audit: true,
    text: 'The model of a server gives the golden outputs but could not be attested; only routes that allow it use it',
    fields: ['device', 'release', 'version', 'protocol', 'server', 'model', 'model_version', 'reason'],
  },
  'remote-model-changed': {
    level: 'warn',
    audit: true,
    text: 'The model of a server is not the one any more that was tested; it is not used again before it was tested anew',
    fields: ['device', 'release', 'version', 'reason'],
  },
} as const satisfies Record<string, EventEntry>;
