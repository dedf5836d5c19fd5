import type { EventEntry } from './event-entry.ts';

export const provisioningEvents = {
  'token-created': {
    level: 'info',
    audit: true,
    text: 'An enrolment token was made',
    fields: ['device', 'expires_at'],
  },
  'device-enrolled': {
    level: 'info',
    audit: true,
    text: 'A device enrolled',
    fields: ['device', 'certificate_serial', 'replaced'],
  },
  'enrolment-refused': {
    level: 'warn',
    audit: true,
    text: 'An enrolment was refused',
    fields: ['device', 'code'],
  },
  'device-retired': { level: 'info', audit: true, text: 'A device was retired', fields: ['device'] },
  'device-connected': { level: 'info', audit: false, text: 'A device connected to the broker', fields: ['device'] },
  'device-disconnected': { level: 'info', audit: false, text: 'A device left the broker', fields: ['device'] },
  'broker-refused': {
    level: 'warn',
    audit: false,
    text: 'The broker refused a client',
    fields: ['device', 'reason', 'topic'],
  },
  'broker-client-dropped': {
    level: 'warn',
    audit: false,
    text: 'The broker ended a session',
    fields: ['device', 'reason'],
  },
  'fleet-message-refused': {
    level: 'warn',
    audit: false,
    text: 'A message of a device was not taken',
    fields: ['device', 'kind', 'reason'],
  },
  'fleet-message-failed': {
    level: 'error',
    audit: false,
    text: 'A message of a device could not be stored; it was not acknowledged',
    fields: ['device', 'kind', 'code', 'reason'],
  },
  'hub-request-failed': {
    level: 'error',
    audit: false,
    text: 'A request failed for a reason that is ours',
    fields: ['method', 'route', 'reason'],
  },
  'hub-link-changed': {
    level: 'info',
    audit: false,
    text: "The hub's own connection to the broker changed",
    fields: ['connected', 'reason'],
  },
  'audit-log-broken': {
    level: 'error',
    audit: false,
    text: 'The audit log was changed after it was written',
    fields: ['record'],
  },
  'hub-task-failed': {
    level: 'error',
    audit: false,
    text: 'A periodic task failed; it is tried again',
    fields: ['task', 'reason'],
  },
} as const satisfies Record<string, EventEntry>;
