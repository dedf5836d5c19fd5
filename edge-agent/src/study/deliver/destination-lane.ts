import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import type { DeliveryFailure, DeliveryRow } from '../../store/delivery-row.ts';
import type { Deliveries } from '../../store/sqlite-deliveries.ts';
import type { After } from '../../timers.ts';
import { createStageLoop, type StageLoop } from '../queue/stage-loop.ts';
import { afterFailure, backoff_ms, classOfStatus, type RetryTimes } from './retry-policy.ts';
import type { Away, Outcome, Sender } from './sender.ts';

export type LaneDeps = {
  readonly name: string;
  readonly times: RetryTimes;
  readonly sender: Sender;
  readonly deliveries: Deliveries;
  /** Storage commitment is asked for what was sent. */
  readonly commit: boolean;
  readonly now: () => number;
  readonly after: After;
  /** 0…1. */
  readonly jitter: () => number;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
  readonly onSent: (row: DeliveryRow) => void;
  readonly onFailed: (row: DeliveryRow) => void;
};

export type DestinationLane = StageLoop & {
  /** Why nothing can be sent there at present; undefined when nothing is known against it. */
  away(): (Away & { readonly until_ms: number }) | undefined;
};

/** Commitment is asked for what was sent in the meantime, all in one request. */
const COLLECT_MS = 250;

/** Objects that are taken up at a time. */
const BATCH = 64;

type Outage = { readonly failures: number; readonly until_ms: number; readonly away?: Away };
const none: Outage = { failures: 0, until_ms: 0 };

/**
 * Sends what is due for one destination. Each destination has a lane of its own, so that one that is away holds up
 * nobody else. A delivery is "sent" only when the peer said so for that very instance and this is on disk; a crash in
 * between sends the same bytes again.
 */
export function createDestinationLane(deps: LaneDeps): DestinationLane {
  const { name, times, deliveries, log, now } = deps;
  let outage = none;
  let stopped = false;
  const loop = createStageLoop({ stage: 'deliver', pass, now, after: deps.after, log });

  async function pass(): Promise<number | undefined> {
    if (now() < outage.until_ms) return outage.until_ms;
    const due = stopped ? [] : deliveries.due(name, now(), BATCH);
    if (due.length > 0) await sendAll(due);
    const next_ms = deliveries.nextDue_ms(name);
    if (next_ms === undefined || next_ms > now()) deps.sender.rest();
    return next_ms === undefined ? undefined : Math.max(next_ms, outage.until_ms);
  }

  async function sendAll(due: readonly DeliveryRow[]): Promise<void> {
    const rows = await deliveries.begin(due);
    const begun_ms = now();
    const left = new Set(rows);
    const away = await deps.sender.send(rows, async (row, outcome) => {
      left.delete(row);
      await settle(row, outcome, begun_ms);
    });
    await deliveries.notBegun([...left]);
    if (away !== undefined) await waitOut(away, [...left]);
  }

  function settle(row: DeliveryRow, outcome: Outcome, begun_ms: number): Promise<void> {
    if (outcome.type === 'failed') return settleFailure(row, outcome.failure);
    // Whatever it says, it answers.
    outage = none;
    const { answer } = outcome;
    const verdict = classOfStatus(answer.status);
    if (verdict === 'delivered') return settleSent(row, answer, begun_ms);
    const code = verdict === 'permanent' ? 'delivery-refused' : 'delivery-unreachable';
    return settleFailure(row, { class: verdict, code, detail: `status ${hex(answer.status)}`, answer });
  }

  async function settleSent(
    row: DeliveryRow,
    answer: NonNullable<DeliveryFailure['answer']>,
    begun_ms: number,
  ): Promise<void> {
    deps.checkpoint('delivery-sent-before-noted');
    await deliveries.sent(row, answer, now(), deps.commit ? now() + COLLECT_MS : undefined);
    deps.checkpoint('delivery-noted');
    log.event('delivery-sent', {
      delivery: row.deliveryId,
      job: row.jobId,
      object: row.object,
      destination: row.destination,
      status: hex(answer.status),
      attempt: row.attempts + 1,
      duration_ms: now() - begun_ms,
    });
    deps.onSent(row);
  }

  async function settleFailure(row: DeliveryRow, failure: DeliveryFailure): Promise<void> {
    const { code, detail } = failure;
    const then = afterFailure(failure.class, row.attempts + 1, times, deps.jitter());
    const fields = { delivery: row.deliveryId, object: row.object, destination: row.destination, class: failure.class };
    if (then.do === 'fail') {
      await deliveries.failed(row, failure);
      log.event('delivery-failed', { ...fields, code, detail });
      deps.onFailed(row);
      return;
    }
    await deliveries.again([row], failure, () => now() + then.in_ms);
    const again_in_ms = Math.round(then.in_ms);
    log.event('delivery-retry', { ...fields, code, detail, attempt: row.attempts + 1, again_in_ms });
  }

  /** Nothing of these was sent, and the rest of the lane waits as well. */
  async function waitOut(away: Away, rows: readonly DeliveryRow[]): Promise<void> {
    const failures = outage.failures + 1;
    const wait_ms = backoff_ms(failures, times, deps.jitter());
    outage = { failures, until_ms: now() + wait_ms, away };
    const failure: DeliveryFailure = { class: 'transient', code: 'delivery-unreachable', detail: away.detail };
    const gone = rows.filter((row) => afterFailure('transient', row.attempts + 1, times, 0).do === 'fail');
    for (const row of gone) await settleFailure(row, failure);
    const waiting = rows.filter((row) => !gone.includes(row));
    if (waiting.length > 0) await deliveries.again(waiting, failure, () => outage.until_ms);
    log.event('destination-away', {
      destination: name,
      detail: away.detail,
      waiting: waiting.length,
      failures,
      again_in_ms: Math.round(wait_ms),
    });
  }

  return {
    wake: () => loop.wake(),
    start: () => loop.start(),
    /** What is being sent may end as it likes: an answer that is not waited for is asked for again. */
    async stop() {
      stopped = true;
      deps.sender.stop();
      await loop.stop();
    },
    away: () => (outage.away === undefined ? undefined : { ...outage.away, until_ms: outage.until_ms }),
  };
}

const hex = (status: number): string => `0x${status.toString(16).padStart(4, '0')}`;
