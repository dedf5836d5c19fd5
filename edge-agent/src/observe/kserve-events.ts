import type { Log } from '@collimator/shared/observe/log';
import type { KserveEvent, KserveLimit } from '../local-api/kserve/deps.ts';
import { codeOf, placeOf } from './code-of.ts';
import { createRepeatedEvent } from './repeated-event.ts';

/** How a request of a program ended. */
export type KserveOutcome =
  | 'success'
  | 'invalid'
  | 'refused'
  | 'overloaded'
  | 'not-ready'
  | 'timeout'
  | 'failed'
  | 'cut-off';

/** Requests of other programs. */
export type KserveCounts = {
  readonly open: number;
  readonly outcomes: Readonly<Record<KserveOutcome, number>>;
  /** How often each bound was reached. */
  readonly limits: Readonly<Record<KserveLimit, number>>;
  /** Of requests and of answers. */
  readonly bytes: { readonly in: number; readonly out: number };
};

/** Who knocks with a wrong token all day is in the log once a minute; so is what fails all the time. */
const REPEATED_EVERY_MS = 60_000;
const KINDS_MAX = 1_000;

export interface KserveWatch {
  /** Logs and counts what the routes tell; nothing that a program sent is in it. */
  observe(event: KserveEvent): void;
  counts(): KserveCounts;
}

export function watchKserve(log: Log, now_ms: () => number = () => performance.now()): KserveWatch {
  let open = 0;
  const outcomes: Record<KserveOutcome, number> = {
    ...{ success: 0, invalid: 0, refused: 0, overloaded: 0 },
    ...{ 'not-ready': 0, timeout: 0, failed: 0, 'cut-off': 0 },
  };
  const limits: Record<KserveLimit, number> = {
    ...{ requests: 0, 'source-requests': 0, bytes: 0, engine: 0 },
    ...{ idle: 0, progress: 0, 'answer-time': 0 },
  };
  const bytes = { in: 0, out: 0 };
  const repeated = createRepeatedEvent(REPEATED_EVERY_MS, KINDS_MAX, now_ms);
  return {
    counts: () => ({ open, outcomes, limits, bytes }),
    observe(event) {
      switch (event.type) {
        case 'begun':
          open += 1;
          return;
        case 'limit':
          limits[event.limit] += 1;
          return;
        case 'fault':
          return log.event('kserve-fault', { code: codeOf(event.error), place: placeOf(event.error) });
        case 'refused': {
          const { address, program, refusal } = event;
          outcomes[outcomeOf(refusal.http)] += 1;
          const left = repeated.pass(`${address} ${refusal.code}`);
          if (left === undefined) return;
          const { http: http_status, code, why } = refusal;
          // A stranger's reason is ours; other reasons may repeat what was sent.
          const who = { address, ...(program === undefined ? { reason: why } : { program }) };
          return log.event('kserve-refused', { ...who, http_status, code, not_logged: left });
        }
        case 'finished':
        case 'cut-off': {
          open -= 1;
          const { program, release, http, code = '', priority = '', duration_ms } = event;
          const outcome = event.type === 'cut-off' ? 'cut-off' : outcomeOf(http);
          outcomes[outcome] += 1;
          bytes.in += event.bytes;
          bytes.out += event.answerBytes;
          const what = { program, release: release.name, version: release.version };
          if (outcome === 'failed') {
            const left = repeated.pass(`failed ${program} ${release.name} ${code}`);
            if (left !== undefined) log.event('kserve-failed', { ...what, code, not_logged: left });
          }
          return log.event('kserve-finished', {
            ...{ ...what, priority, http_status: http, code, bytes: event.bytes, answer_bytes: event.answerBytes },
            duration_ms: Math.round(duration_ms),
          });
        }
      }
    },
  };
}

function outcomeOf(http: number): KserveOutcome {
  switch (http) {
    case 200:
      return 'success';
    case 401:
    case 403:
      return 'refused';
    case 429:
      return 'overloaded';
    case 503:
      return 'not-ready';
    case 504:
      return 'timeout';
    default:
      return http < 500 ? 'invalid' : 'failed';
  }
}
