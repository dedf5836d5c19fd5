import type { Log } from '@collimator/shared/observe/log';
import type { ScpEvent } from '../dimse/index.ts';
import { codeOf, placeOf } from './code-of.ts';

export type AssociationCounts = { readonly open: number; readonly accepted: number; readonly rejected: number };

export interface DicomWatch {
  /** Logs and counts what the DICOM node tells. UIDs stay out of the log: they lead to a patient. */
  observe(event: ScpEvent): void;
  counts(): AssociationCounts;
}

export function watchDicom(log: Log): DicomWatch {
  let open = 0;
  let accepted = 0;
  let rejected = 0;
  return {
    counts: () => ({ open, accepted, rejected }),
    observe(event) {
      switch (event.type) {
        case 'association-accepted':
          open += 1;
          accepted += 1;
          return;
        case 'association-rejected':
          rejected += 1;
          return log.event('association-rejected', {
            calling: event.callingAeTitle,
            address: event.remoteAddress,
            reason: event.why,
          });
        case 'association-released':
          open -= 1;
          return log.event('association-released', {
            calling: event.callingAeTitle,
            instances: event.instances,
            bytes: event.bytes,
            duration_ms: Math.round(event.duration_ms),
          });
        case 'association-aborted':
          open -= 1;
          return log.event('association-aborted', {
            calling: event.callingAeTitle,
            by: event.by,
            reason: event.why,
            instances: event.instances,
          });
        case 'instance-stored':
          return;
        case 'instance-refused':
          return log.event('instance-refused', {
            calling: event.callingAeTitle,
            status: `${event.status.toString(16).padStart(4, '0').toUpperCase()}H`,
          });
        case 'connection-failed':
          return log.event('connection-failed', { address: event.remoteAddress, reason: event.why });
        case 'fault':
          return log.event('dicom-fault', { code: codeOf(event.error), place: placeOf(event.error) });
      }
    },
  };
}
