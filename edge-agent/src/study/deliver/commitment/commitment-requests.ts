import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import {
  AssociationError,
  commitmentFailures,
  type CommitmentReport,
  type CommitmentRequest,
  type Peer,
  type ReplyWithReport,
  type SopReference,
  status,
  type StoreOutcome,
} from '../../../dimse/index.ts';
import type {
  CommitmentRequestRow,
  CommitmentRequests,
  RequestedInstance,
} from '../../../store/sqlite-commitment-requests.ts';
import type { Commitments, OpenTransaction } from '../../../store/sqlite-commitments.ts';
import type { After } from '../../../timers.ts';
import { createStageLoop, type StageLoop } from '../../queue/stage-loop.ts';
import { backoff_ms, type RetryTimes } from '../retry-policy.ts';
import type { AskForCommitment } from './ask-for-commitment.ts';

export type CommitmentRequestsDeps = {
  /** The destination that has to commit first. */
  readonly destination: string;
  readonly requests: CommitmentRequests;
  readonly commitments: Commitments;
  readonly ask: AskForCommitment;
  /** Whether we know where to report to. */
  readonly canReportTo: (callingAeTitle: string) => boolean;
  /** Reports on an association of our own; resolves with the status of the answer. */
  readonly reportTo: (callingAeTitle: string, report: CommitmentReport) => Promise<StoreOutcome>;
  readonly openMax: number;
  /** Longest wait for one answer of the destination, and for all of them together. */
  readonly wait_ms: number;
  readonly giveUp_ms: number;
  readonly times: RetryTimes;
  readonly newUid: () => string;
  readonly now: () => number;
  readonly after: After;
  readonly jitter: () => number;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
};

export type CommitmentRequestStage = StageLoop & {
  onAction(request: CommitmentRequest, peer: Peer, reply: ReplyWithReport): Promise<StoreOutcome>;
  /** What the destination reports on a transaction that was made for a request. */
  report(transaction: OpenTransaction, report: CommitmentReport): Promise<void>;
};

/** PS3.7 §C.4.20. */
const NOT_AUTHORIZED = 0x0124;
/** Requests that are taken up at a time. */
const BATCH = 20;
/** Attempts to tell the requestor; with the longest wait between them about a day. */
const REPORT_ATTEMPTS_MAX = 300;

/** What may be otherwise when the destination is asked again: it does not have it yet, or could not look. */
const mayChange: ReadonlySet<number> = new Set([
  commitmentFailures.noSuchObjectInstance,
  commitmentFailures.processingFailure,
  commitmentFailures.resourceLimitation,
  commitmentFailures.duplicateTransactionUid,
]);

/**
 * Others may ask us to commit what they sent; we are no archive. A request is stored, then accepted, and answered only
 * when the PACS has committed, or finally not committed, the very same instances: on the association of the request if
 * that is still open, else on one of our own.
 */
export function createCommitmentRequests(deps: CommitmentRequestsDeps): CommitmentRequestStage {
  const { requests, commitments, now, log, destination } = deps;
  const ending = { stopped: false };
  const replies = new Map<string, ReplyWithReport>();
  const loop = createStageLoop({ stage: 'commit-for-others', pass, now, after: deps.after, log });
  const wait_ms = (attempts: number): number => backoff_ms(attempts + 1, deps.times, deps.jitter());

  async function onAction(
    { transactionUid, references }: CommitmentRequest,
    peer: Peer,
    reply: ReplyWithReport,
  ): Promise<StoreOutcome> {
    const { callingAeTitle } = peer;
    if (!deps.canReportTo(callingAeTitle))
      return { status: NOT_AUTHORIZED, comment: 'no address to report to is configured' };
    if (requests.open() >= deps.openMax)
      return { status: commitmentFailures.resourceLimitation, comment: 'too many open requests' };
    const added = await requests.add(transactionUid, callingAeTitle, references, now());
    if (!added) return { status: commitmentFailures.duplicateTransactionUid };
    deps.checkpoint('commitment-request-noted');
    replies.set(replyKey({ transactionUid, callingAeTitle }), reply);
    log.event('commitment-requested', { calling: callingAeTitle, instances: references.length });
    loop.wake();
    return { status: status.success };
  }

  async function pass(): Promise<number | undefined> {
    for (const row of requests.due(now(), BATCH)) {
      if (ending.stopped) return undefined;
      if (row.state === 'asking') await askFor(row);
      else await answer(row);
    }
    return requests.nextDue_ms();
  }

  async function askFor(row: CommitmentRequestRow): Promise<void> {
    const open = requests.instances(row.requestId).filter(isOpen);
    if (now() - row.since_ms > deps.giveUp_ms) return decide(row, open);
    const transactionUid = deps.newUid();
    const id = await commitments.openFor(row.requestId, destination, transactionUid, now() + deps.wait_ms);
    await requests.later(row.requestId, now() + deps.wait_ms);
    const transaction = { commitmentId: id, destination, requestId: row.requestId };
    let refusal: string | undefined;
    try {
      const asked = { transactionUid, references: open.map(referenceOf) };
      const outcome = await deps.ask(asked, (told) => report(transaction, told));
      if (outcome.status !== 0) refusal = `status 0x${outcome.status.toString(16).padStart(4, '0')}`;
    } catch (error) {
      if (!(error instanceof AssociationError)) throw error;
      // It may have heard us all the same, and its answer is waited for.
      if (error.step !== 'action' || error.code === 'no-accepted-context') refusal = error.message;
    }
    if (refusal === undefined) return;
    await commitments.settle(id, 'over', []);
    await requests.later(row.requestId, now() + wait_ms(row.attempts));
    log.event('commitment-refused', { destination, commitment: id, results: open.length, detail: refusal });
  }

  /** It was waited for long enough: what is not committed by now is not committed. */
  async function decide(row: CommitmentRequestRow, open: readonly RequestedInstance[]): Promise<void> {
    const outcomes = open.map(({ sopInstanceUid, outcome }) => ({
      sopInstanceUid,
      outcome: outcome ?? commitmentFailures.processingFailure,
    }));
    const id = await commitments.openFor(row.requestId, destination, deps.newUid(), now());
    await commitments.settle(
      id,
      'over',
      [],
      requests.noted(row.requestId, outcomes, { state: 'decided', due_ms: now() }),
    );
    loop.wake();
  }

  async function report({ commitmentId, requestId }: OpenTransaction, told: CommitmentReport): Promise<void> {
    const row = requestId === null ? undefined : requests.get(requestId);
    if (row === undefined || row.state !== 'asking') return commitments.settle(commitmentId, 'answered', []);
    const committed = new Set(told.committed.map(keyOf));
    const failed = new Map(told.failed.map((one) => [keyOf(one), one.reason]));
    const instances = requests.instances(row.requestId).map((one) => ({
      ...one,
      outcome: one.outcome === 0 || committed.has(keyOf(one)) ? 0 : (failed.get(keyOf(one)) ?? one.outcome),
    }));
    const isDecided = !instances.some(isOpen) || now() - row.since_ms > deps.giveUp_ms;
    const outcomes = instances.flatMap(({ sopInstanceUid, outcome }) =>
      outcome === null ? [] : [{ sopInstanceUid, outcome }],
    );
    const next = isDecided
      ? ({ state: 'decided', due_ms: now() } as const)
      : ({ state: 'asking', due_ms: now() + wait_ms(row.attempts) } as const);
    await commitments.settle(commitmentId, 'answered', [], requests.noted(row.requestId, outcomes, next));
    deps.checkpoint('commitment-request-decided');
    deps.ask.reported();
    loop.wake();
  }

  async function answer(row: CommitmentRequestRow): Promise<void> {
    const instances = requests.instances(row.requestId);
    const told: CommitmentReport = {
      transactionUid: row.transactionUid,
      committed: instances.filter(({ outcome }) => outcome === 0).map(referenceOf),
      failed: instances.flatMap((one) =>
        one.outcome === 0 ? [] : [{ ...referenceOf(one), reason: one.outcome ?? commitmentFailures.processingFailure }],
      ),
    };
    const detail = await tell(row, told);
    const fields = { calling: row.callingAeTitle, committed: told.committed.length, failed: told.failed.length };
    if (detail === undefined) {
      await requests.end(row.requestId, 'answered');
      log.event('commitment-answered', fields);
    } else if (row.attempts >= REPORT_ATTEMPTS_MAX) {
      await requests.end(row.requestId, 'given-up');
      log.event('commitment-answer-given-up', { ...fields, detail });
    } else {
      await requests.later(row.requestId, now() + wait_ms(row.attempts));
    }
  }

  /** Undefined when the requestor has the report, else why not. */
  async function tell(row: CommitmentRequestRow, told: CommitmentReport): Promise<string | undefined> {
    const reply = replies.get(replyKey(row));
    replies.delete(replyKey(row));
    for (const way of [reply, (one: CommitmentReport) => deps.reportTo(row.callingAeTitle, one)]) {
      if (way === undefined) continue;
      try {
        const outcome = await way(told);
        if (outcome.status === 0) return undefined;
        if (way !== reply) return `status 0x${outcome.status.toString(16).padStart(4, '0')}`;
      } catch (error) {
        if (!(error instanceof AssociationError)) throw error;
        // The association of the request is over: one of our own is tried.
        if (way !== reply) return error.message;
      }
    }
    return 'no way to report';
  }

  return {
    onAction,
    report,
    wake: () => loop.wake(),
    start: () => loop.start(),
    async stop() {
      ending.stopped = true;
      deps.ask.stop();
      await loop.stop();
    },
  };
}

const isOpen = ({ outcome }: RequestedInstance): boolean => outcome === null || mayChange.has(outcome);
const referenceOf = ({ sopClassUid, sopInstanceUid }: SopReference): SopReference => ({ sopClassUid, sopInstanceUid });
const keyOf = ({ sopClassUid, sopInstanceUid }: SopReference): string => `${sopClassUid} ${sopInstanceUid}`;
const replyKey = (row: Pick<CommitmentRequestRow, 'transactionUid' | 'callingAeTitle'>): string =>
  `${row.callingAeTitle} ${row.transactionUid}`;
