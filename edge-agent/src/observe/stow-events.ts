import type { Log } from '@collimator/shared/observe/log';
import type { StowEvent } from '../local-api/stow-routes.ts';
import { codeOf, placeOf } from './code-of.ts';
import { type RefusalClass, refusalClassOf } from './policy-metrics.ts';
import { createRepeatedEvent } from './repeated-event.ts';

type Limits = 'congestion' | 'requests' | 'source-requests' | 'idle' | 'progress' | 'request-size';

/** Requests by STOW-RS. */
export type StowCounts = {
  readonly open: number;
  readonly finished: number;
  readonly cutOff: number;
  readonly refused: number;
  /** How often each bound was reached. */
  readonly limits: Readonly<Record<Limits, number>>;
  /** Objects of finished requests whose status was not success. */
  readonly refusedObjects: Readonly<Record<RefusalClass, number>>;
};

/** Who knocks with a wrong token all day is in the log once a minute. */
const REFUSED_EVERY_MS = 60_000;
const ADDRESSES_MAX = 1_000;

export interface StowWatch {
  /** Logs and counts what STOW-RS tells. */
  observe(event: StowEvent): void;
  counts(): StowCounts;
}

export function watchStow(log: Log, now_ms: () => number = () => performance.now()): StowWatch {
  let open = 0;
  let finished = 0;
  let cutOff = 0;
  let refused = 0;
  const limits: Record<Limits, number> = {
    congestion: 0,
    requests: 0,
    'source-requests': 0,
    idle: 0,
    progress: 0,
    'request-size': 0,
  };
  const refusedObjects: Record<RefusalClass, number> = { A7xx: 0, A9xx: 0, Cxxx: 0, '01xx': 0, Bxxx: 0, other: 0 };
  const repeated = createRepeatedEvent(REFUSED_EVERY_MS, ADDRESSES_MAX, now_ms);
  return {
    counts: () => ({ open, finished, cutOff, refused, limits, refusedObjects }),
    observe(event) {
      switch (event.type) {
        case 'begun':
          open += 1;
          return;
        case 'limit':
          limits[event.limit] += 1;
          return;
        case 'fault':
          return log.event('dicom-fault', { code: codeOf(event.error), place: placeOf(event.error) });
        case 'refused': {
          refused += 1;
          if (event.limit !== undefined) limits[event.limit] += 1;
          const { address, calling, refusal } = event;
          const left = repeated.pass(`${address} ${refusal.code}`);
          if (left === undefined) return;
          const { http: http_status, code, why: reason } = refusal;
          const who = { address, ...(calling !== undefined && { calling }) };
          return log.event('stow-refused', { ...who, http_status, code, reason, not_logged: left });
        }
        case 'finished':
        case 'cut-off': {
          open -= 1;
          const { calling, address, bytes, stored: instances } = event;
          for (const status of event.refused)
            if (event.type === 'finished') {
              refusedObjects[refusalClassOf(status)] += 1;
              log.event('instance-refused', {
                calling,
                status: `${status.toString(16).padStart(4, '0').toUpperCase()}H`,
              });
            }
          if (event.type === 'cut-off') {
            cutOff += 1;
            return log.event('stow-cut-off', { calling, address, reason: event.why ?? '', instances, bytes });
          }
          finished += 1;
          return log.event('stow-finished', {
            ...{ calling, address, http_status: event.http, instances, refused: event.refused.length, bytes },
            duration_ms: Math.round(event.duration_ms),
          });
        }
      }
    },
  };
}
