import type { Log } from '@collimator/shared/observe/log';
import type { LimitKind, ScpEvent } from '../dimse/index.ts';
import { codeOf, placeOf } from './code-of.ts';
import { type RefusalClass, refusalClassOf } from './policy-metrics.ts';
import { createRepeatedEvent } from './repeated-event.ts';

export type AssociationCounts = {
  readonly open: number;
  readonly accepted: number;
  readonly rejected: number;
  /** How often each bound of the node was reached. */
  readonly limits: Readonly<Record<LimitKind, number>>;
  /** Objects whose status was not success. */
  readonly refused: Readonly<Record<RefusalClass, number>>;
};

/** A port scanner or a broken sender is in the log once a minute per address. */
const FAILED_EVERY_MS = 60_000;
const ADDRESSES_MAX = 1_000;

export interface DicomWatch {
  /** Logs and counts what the DICOM node tells. UIDs stay out of the log: they lead to a patient. */
  observe(event: ScpEvent): void;
  counts(): AssociationCounts;
}

export function watchDicom(log: Log, now_ms: () => number = () => performance.now()): DicomWatch {
  let open = 0;
  let accepted = 0;
  let rejected = 0;
  const limits: Record<LimitKind, number> = {
    associations: 0,
    'source-associations': 0,
    congestion: 0,
    connections: 0,
    'waiting-per-address': 0,
    artim: 0,
    idle: 0,
    progress: 0,
  };
  const refused: Record<RefusalClass, number> = { A7xx: 0, A9xx: 0, Cxxx: 0, '01xx': 0, Bxxx: 0, other: 0 };
  const connectionFailed = createRepeatedEvent(FAILED_EVERY_MS, ADDRESSES_MAX, now_ms);
  return {
    counts: () => ({ open, accepted, rejected, limits, refused }),
    observe(event) {
      if ('limit' in event && event.limit !== undefined) limits[event.limit] += 1;
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
          refused[refusalClassOf(event.status)] += 1;
          return log.event('instance-refused', {
            calling: event.callingAeTitle,
            status: `${event.status.toString(16).padStart(4, '0').toUpperCase()}H`,
          });
        case 'connection-failed': {
          const left = connectionFailed.pass(event.remoteAddress);
          if (left === undefined) return;
          return log.event('connection-failed', { address: event.remoteAddress, reason: event.why, not_logged: left });
        }
        case 'fault':
          return log.event('dicom-fault', { code: codeOf(event.error), place: placeOf(event.error) });
      }
    },
  };
}
