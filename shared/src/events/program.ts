import type { EventEntry } from './event-entry.ts';

export const programEvents = {
  'program-started': {
    level: 'info',
    audit: true,
    text: 'The program is ready',
    fields: ['version', 'http_port', 'mqtt_port', 'dicom_ports', 'backend'],
  },
  'program-stopping': { level: 'info', audit: true, text: 'The program was asked to stop', fields: ['signal'] },
  'program-failed': { level: 'error', audit: true, text: 'The program cannot go on', fields: ['code', 'reason'] },
} as const satisfies Record<string, EventEntry>;
