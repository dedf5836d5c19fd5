import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import { AssociationError, type CommitmentReport, type SopReference } from '../../../dimse/index.ts';
import type { Commitments, CommitmentStep, OpenTransaction, Uncommitted } from '../../../store/sqlite-commitments.ts';
import type { After } from '../../../timers.ts';
import { createStageLoop, type StageLoop } from '../../queue/stage-loop.ts';
import { backoff_ms, type RetryTimes } from '../retry-policy.ts';
import type { AskForCommitment } from './ask-for-commitment.ts';
import { afterCommitmentFailure, type CommitmentBounds } from './failure-plan.ts';

export type CommitmentLaneDeps = {
  /** The destination. */
  readonly name: string;
  readonly commitments: Commitments;
  readonly ask: AskForCommitment;
  readonly bounds: CommitmentBounds;
  /** Longest wait for the answer to one request. */
  readonly wait_ms: number;
  readonly times: RetryTimes;
  readonly newUid: () => string;
  readonly now: () => number;
  readonly after: After;
  readonly jitter: () => number;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
  /** Something is to be sent again. */
  readonly onResend: () => void;
};

export type CommitmentLane = StageLoop & {
  /** What the destination reports on a transaction; resolves when it is on the disk. */
  report(transaction: OpenTransaction, report: CommitmentReport): Promise<void>;
};

/** What is due so soon goes into the same request. */
const COLLECT_MS = 250;

/** Results of one request at most. */
const BATCH = 500;

/**
 * Asks a destination to commit what was sent there, and draws the conclusions from what it reports. A request is on
 * the disk before the destination hears it; its answer may come on the same association, on another one, after a
 * restart, or not at all: then it is asked again, as a new transaction.
 */
export function createCommitmentLane(deps: CommitmentLaneDeps): CommitmentLane {
  const { name, commitments, now, log } = deps;
  const ending = { stopped: false };
  const loop = createStageLoop({ stage: 'commit', pass, now, after: deps.after, log });

  async function pass(): Promise<number | undefined> {
    for (const one of commitments.expired(name, now())) await expire(one);
    const isDue = !ending.stopped && commitments.wanted(name, now(), 1).length > 0;
    if (isDue) await request(commitments.wanted(name, now() + COLLECT_MS, BATCH));
    return commitments.nextDue_ms(name);
  }

  async function request(rows: readonly Uncommitted[]): Promise<void> {
    const transactionUid = deps.newUid();
    const id = await commitments.open(name, transactionUid, rows, now() + deps.wait_ms);
    deps.checkpoint('commitment-noted');
    const asked = rows.map((row) => ({ ...row, requests: row.requests + 1 }));
    const transaction = { commitmentId: id, destination: name, requestId: null };
    try {
      const { status } = await deps.ask({ transactionUid, references: rows.map(referenceOf) }, (answer) =>
        report(transaction, answer),
      );
      deps.checkpoint('commitment-asked');
      if (status === 0) {
        log.event('commitment-asked', { destination: name, commitment: id, results: rows.length });
        return;
      }
      await refused(id, asked, `status 0x${status.toString(16).padStart(4, '0')}`);
    } catch (error) {
      if (!(error instanceof AssociationError)) throw error;
      // It may have heard us all the same: then its answer is still to come, and is waited for.
      if (error.step === 'action' && error.code !== 'no-accepted-context') return;
      await refused(id, asked, error.message);
    }
  }

  /** Nothing was asked; the destination is tried again later. */
  async function refused(id: number, rows: readonly Uncommitted[], detail: string): Promise<void> {
    const steps = rows.map((row) => ({ deliveryId: row.deliveryId, step: againOrNever(row, null) }));
    await commitments.settle(id, 'over', steps);
    log.event('commitment-refused', { destination: name, commitment: id, results: rows.length, detail });
    tellFailed(id, steps);
  }

  async function expire({ commitmentId }: OpenTransaction): Promise<void> {
    const steps = commitments.askedIn(commitmentId).map((row) => ({
      deliveryId: row.deliveryId,
      step: againOrNever(row, null, now()),
    }));
    await commitments.settle(commitmentId, 'over', steps);
    log.event('commitment-unanswered', { destination: name, commitment: commitmentId, results: steps.length });
    tellFailed(commitmentId, steps);
  }

  function againOrNever(row: Uncommitted, reason: number | null, due_ms?: number): CommitmentStep {
    if (row.requests >= deps.bounds.requestsMax) return { to: 'failed', reason };
    const wait_ms = backoff_ms(row.requests, deps.times, deps.jitter());
    return { to: 'wanted', due_ms: due_ms ?? now() + wait_ms, reason };
  }

  async function report({ commitmentId }: OpenTransaction, told: CommitmentReport): Promise<void> {
    const asked = commitments.askedIn(commitmentId);
    const committed = new Set(told.committed.map(keyOf));
    const failed = new Map(told.failed.map((one) => [keyOf(one), one.reason]));
    const known = new Set(asked.map(({ deliveryId }) => deliveryId));
    // A late answer counts as well: what it says is committed is committed, whichever request asked.
    const late = commitments
      .uncommittedAmong(
        name,
        told.committed.map(({ sopInstanceUid }) => sopInstanceUid),
      )
      .filter((row) => !known.has(row.deliveryId) && committed.has(keyOf(row)));
    const steps = [
      ...late.map(({ deliveryId }) => ({ deliveryId, step: { to: 'committed' } as const })),
      ...asked.map((row) => ({ deliveryId: row.deliveryId, step: stepOf(row, committed, failed) })),
    ];
    await commitments.settle(commitmentId, 'answered', steps);
    deps.checkpoint('commitment-answered');
    deps.ask.reported();
    const count = (to: CommitmentStep['to']): number => steps.filter(({ step }) => step.to === to).length;
    log.event('commitment-reported', {
      destination: name,
      commitment: commitmentId,
      committed: count('committed'),
      resent: count('resend'),
      again: count('wanted'),
      failed: count('failed'),
    });
    tellFailed(commitmentId, steps);
    if (count('resend') > 0) deps.onResend();
    loop.wake();
  }

  function stepOf(
    row: Uncommitted,
    committed: ReadonlySet<string>,
    failed: ReadonlyMap<string, number>,
  ): CommitmentStep {
    const reason = failed.get(keyOf(row));
    if (reason === undefined) return committed.has(keyOf(row)) ? { to: 'committed' } : againOrNever(row, null);
    switch (afterCommitmentFailure(reason, row, deps.bounds)) {
      case 'resend':
        return { to: 'resend', reason, now_ms: now() };
      case 'ask-again':
        return againOrNever(row, reason);
      case 'give-up':
        return { to: 'failed', reason };
    }
  }

  function tellFailed(
    commitment: number,
    steps: readonly { readonly deliveryId: number; readonly step: CommitmentStep }[],
  ): void {
    for (const { deliveryId, step } of steps) {
      if (step.to !== 'failed') continue;
      const reason = step.reason === null ? 'none' : `0x${step.reason.toString(16).padStart(4, '0')}`;
      log.event('commitment-failed', { destination: name, commitment, delivery: deliveryId, reason });
    }
  }

  return {
    wake: () => loop.wake(),
    start: () => loop.start(),
    async stop() {
      ending.stopped = true;
      deps.ask.stop();
      await loop.stop();
    },
    report,
  };
}

const referenceOf = ({ sopClassUid, sopInstanceUid }: SopReference): SopReference => ({ sopClassUid, sopInstanceUid });
const keyOf = ({ sopClassUid, sopInstanceUid }: SopReference): string => `${sopClassUid} ${sopInstanceUid}`;
