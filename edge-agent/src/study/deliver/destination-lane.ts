import { join } from 'node:path';
import type { Destination } from '@collimator/shared/contracts/agent-config';
import type { ErrorClass } from '@collimator/shared/errors/error-entry';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import { type Association, AssociationError } from '../../dimse/index.ts';
import type { Deliveries, DeliveryRow } from '../../store/sqlite-deliveries.ts';
import type { After } from '../../timers.ts';
import { createStageLoop, type StageLoop } from '../queue/stage-loop.ts';
import { readResult } from './result-file.ts';
import { afterFailure, backoff_ms, classOfStatus } from './retry-policy.ts';

export type LaneDeps = {
  readonly destination: Destination;
  readonly deliveries: Deliveries;
  readonly dataDir: string;
  /** Opens an association that offers these SOP classes and transfer syntaxes. */
  readonly open: (rows: readonly DeliveryRow[]) => Promise<Association>;
  readonly now: () => number;
  readonly after: After;
  /** 0…1. */
  readonly jitter: () => number;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
  readonly onSent: (row: DeliveryRow) => void;
  readonly onFailed: (row: DeliveryRow) => void;
};

/** Objects of one association; more are sent over the next. */
const BATCH = 64;

type Failure = {
  readonly class: ErrorClass;
  readonly code: string;
  readonly detail: string;
  readonly dimseStatus?: number;
};

/**
 * Sends what is due for one destination, one association at a time. Each destination has a lane of its own, so that
 * one that is away holds up nobody else. A delivery is "sent" only when the peer said so for that very instance and
 * this is on disk; a crash in between sends the same bytes again.
 */
export function createDestinationLane(deps: LaneDeps): StageLoop {
  const { destination, deliveries, log, now } = deps;
  const times = { first_ms: destination.retry.first_s * 1000, most_ms: destination.retry.most_s * 1000 };
  let outage = { failures: 0, until_ms: 0 };
  let stopped = false;
  let open: Association | undefined;

  const loop = createStageLoop({ stage: 'deliver', pass, now, after: deps.after, log });

  async function pass(): Promise<number | undefined> {
    if (now() < outage.until_ms) return outage.until_ms;
    const due = deliveries.due(destination.name, now(), BATCH);
    if (due.length > 0 && !stopped) await sendAll(due);
    const next_ms = deliveries.nextDue_ms(destination.name);
    return next_ms === undefined ? undefined : Math.max(next_ms, outage.until_ms);
  }

  async function sendAll(due: readonly DeliveryRow[]): Promise<void> {
    try {
      open = await deps.open(due);
    } catch (error) {
      return unreachable(due, error);
    }
    const association = open;
    try {
      for (const row of due) {
        if (stopped) break;
        const over = await sendOne(association, row);
        if (over) return;
      }
      outage = { failures: 0, until_ms: 0 };
      // Everything that was sent is noted already; a peer that does not release cleanly changes nothing.
      await association.release().catch(() => association.abort());
    } catch (error) {
      association.abort();
      throw error;
    } finally {
      open = undefined;
    }
  }

  /** True when the association is over. */
  async function sendOne(association: Association, row: DeliveryRow): Promise<boolean> {
    const read = await readResult(join(deps.dataDir, row.path), row.sha256);
    if (!read.ok) {
      await settleFailure(row, { class: 'permanent', code: 'delivery-result-damaged', detail: read.error });
      return false;
    }
    const { sopClassUid, sopInstanceUid, transferSyntaxUid } = row;
    if (!association.accepts(sopClassUid, transferSyntaxUid)) {
      const detail = `${destination.name} does not accept its SOP class or transfer syntax`;
      await settleFailure(row, { class: 'permanent', code: 'delivery-refused', detail });
      return false;
    }
    const begun = now();
    let status: number;
    try {
      ({ status } = await association.store({ sopClassUid, sopInstanceUid, transferSyntaxUid, dataSet: read.value }));
    } catch (error) {
      if (!(error instanceof AssociationError)) throw error;
      association.abort();
      await settleFailure(row, { class: 'ambiguous', code: 'delivery-unanswered', detail: error.message });
      outage = nextOutage();
      return true;
    }
    deps.checkpoint('delivery-sent-before-noted');
    await answered(row, status, begun);
    return false;
  }

  async function answered(row: DeliveryRow, status: number, begun: number): Promise<void> {
    const outcome = classOfStatus(status);
    const hex = `0x${status.toString(16).padStart(4, '0')}`;
    if (outcome !== 'delivered') {
      const code = outcome === 'permanent' ? 'delivery-refused' : 'delivery-unreachable';
      return settleFailure(row, { class: outcome, code, detail: `status ${hex}`, dimseStatus: status });
    }
    await deliveries.sent(row, status, now());
    deps.checkpoint('delivery-noted');
    log.event('delivery-sent', {
      delivery: row.deliveryId,
      job: row.jobId,
      object: row.object,
      destination: row.destination,
      status: hex,
      attempt: row.attempts + 1,
      duration_ms: now() - begun,
    });
    deps.onSent(row);
  }

  async function settleFailure(row: DeliveryRow, failure: Failure): Promise<void> {
    const { code, ...rest } = failure;
    const then = afterFailure(failure.class, row.attempts + 1, times, deps.jitter());
    const fields = { delivery: row.deliveryId, object: row.object, destination: row.destination, class: failure.class };
    if (then.do === 'fail') {
      await deliveries.failed(row, rest);
      log.event('delivery-failed', { ...fields, code, detail: failure.detail });
      deps.onFailed(row);
      return;
    }
    await deliveries.again([row], rest, () => now() + then.in_ms);
    log.event('delivery-retry', {
      ...fields,
      code,
      detail: failure.detail,
      attempt: row.attempts + 1,
      again_in_ms: Math.round(then.in_ms),
    });
  }

  /** No association: nothing was sent, and the rest of the lane waits as well. */
  async function unreachable(due: readonly DeliveryRow[], error: unknown): Promise<void> {
    if (!(error instanceof AssociationError)) throw error;
    const refused = error.code === 'no-accepted-context';
    if (!refused) outage = nextOutage();
    // A refused AE title is an outage as well: it ends when someone has put a configuration right.
    const failure: Failure = refused
      ? { class: 'permanent', code: 'delivery-refused', detail: error.message }
      : { class: 'transient', code: 'delivery-unreachable', detail: error.message };
    for (const row of due) await settleFailure(row, failure);
  }

  function nextOutage(): { readonly failures: number; readonly until_ms: number } {
    const failures = outage.failures + 1;
    return { failures, until_ms: now() + backoff_ms(failures, times, deps.jitter()) };
  }

  return {
    wake: () => loop.wake(),
    start: () => loop.start(),
    /** What is being sent may end as it likes: an answer that is not waited for is asked for again. */
    async stop() {
      stopped = true;
      open?.abort();
      await loop.stop();
    },
  };
}
