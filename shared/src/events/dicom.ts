import type { EventEntry } from './event-entry.ts';

/** AE titles and addresses name machines; UIDs and names of objects never stand here. */
export const dicomEvents = {
  'association-rejected': {
    level: 'warn',
    audit: true,
    text: 'An association was refused',
    fields: ['calling', 'address', 'reason'],
  },
  'association-released': {
    level: 'info',
    audit: true,
    text: 'A sender has finished',
    fields: ['calling', 'instances', 'bytes', 'duration_ms'],
  },
  'association-aborted': {
    level: 'warn',
    audit: true,
    text: 'An association ended before it was released',
    fields: ['calling', 'by', 'reason', 'instances'],
  },
  'instance-refused': {
    level: 'warn',
    audit: true,
    text: 'An object was not taken',
    fields: ['calling', 'status'],
  },
  'instance-quarantined': {
    level: 'warn',
    audit: true,
    text: 'An object was set aside',
    fields: ['entry', 'code', 'why', 'calling', 'kept'],
  },
  'instance-conflict': {
    level: 'warn',
    audit: true,
    text: 'An object came again with other content',
    fields: ['action', 'calling'],
  },
  'quarantine-decided': {
    level: 'info',
    audit: true,
    text: 'Somebody has decided about an object that was set aside',
    fields: ['entry', 'decision', 'by'],
  },
  'quarantine-expired': {
    level: 'info',
    audit: true,
    text: 'Refused objects were deleted because they had been set aside for long enough',
    fields: ['entries'],
  },
  'removal-failed': {
    level: 'error',
    audit: false,
    text: 'A file that nothing refers to could not be deleted; it is tried again at the next start',
    fields: ['code', 'place'],
  },
  'connection-failed': {
    level: 'warn',
    audit: false,
    text: 'A connection to the DICOM node failed; told once a minute per address',
    fields: ['address', 'reason', 'not_logged'],
  },
  'dicom-tls-reloaded': {
    level: 'info',
    audit: true,
    text: 'A renewed certificate of the DICOM node is shown from now on',
    fields: ['port'],
  },
  'dicom-tls-not-reloaded': {
    level: 'error',
    audit: true,
    text: 'A renewed certificate of the DICOM node cannot be used; the old one stays until its files change again',
    fields: ['port', 'code'],
  },
  'dicom-fault': {
    level: 'error',
    audit: false,
    text: 'An object could not be stored because of a fault of ours; its sender was told',
    fields: ['code', 'place'],
  },
} as const satisfies Record<string, EventEntry>;
