import type { EventEntry } from './event-entry.ts';

/** STOW-RS and the TLS of the local API. Names of senders and addresses name machines; UIDs never stand here. */
export const stowEvents = {
  'stow-finished': {
    level: 'info',
    audit: true,
    text: 'A sender has posted objects',
    fields: ['calling', 'address', 'http_status', 'instances', 'refused', 'bytes', 'duration_ms'],
  },
  'stow-cut-off': {
    level: 'warn',
    audit: true,
    text: 'A post ended before it was whole; what was not whole is not kept',
    fields: ['calling', 'address', 'reason', 'instances', 'bytes'],
  },
  'stow-refused': {
    level: 'warn',
    audit: true,
    text: 'A post was refused before its body was read; told once a minute per address',
    fields: ['address', 'calling', 'http_status', 'code', 'reason', 'not_logged'],
  },
  'local-api-tls-reloaded': {
    level: 'info',
    audit: true,
    text: 'A renewed certificate of the local API is shown from now on',
    fields: ['port'],
  },
  'local-api-tls-not-reloaded': {
    level: 'error',
    audit: true,
    text: 'A renewed certificate of the local API cannot be used; the old one stays until its files change again',
    fields: ['port', 'code'],
  },
} as const satisfies Record<string, EventEntry>;
