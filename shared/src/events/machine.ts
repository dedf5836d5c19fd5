import type { EventEntry } from './event-entry.ts';

/** `pci` is the address of a card in its machine. */
export const machineEvents = {
  'gpu-readings-ended': {
    level: 'warn',
    audit: false,
    text: 'The GPU readings ended; they are started again after a while',
    fields: ['reason', 'restart_s'],
  },
  'gpu-xid': {
    level: 'error',
    audit: true,
    text: 'The driver reported an error of a GPU; NVIDIA lists what each Xid code means',
    fields: ['pci', 'code'],
  },
  'kernel-log-unreadable': {
    level: 'warn',
    audit: false,
    text: 'Xid errors of GPUs are not seen, because the kernel log cannot be read; see monitoring.md',
    fields: ['reason'],
  },
} as const satisfies Record<string, EventEntry>;
