import { join } from 'node:path';
import { EXPLICIT_LITTLE_ENDIAN } from '@collimator/shared/dicom/transfer-syntaxes';
import { newUid, sopClasses } from '@collimator/shared/dicom/uids';
import { describeError } from '@collimator/shared/errors/coded-error';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import type { Deliveries } from '../../store/sqlite-deliveries.ts';
import type { StoredResult } from '../../store/sqlite-jobs.ts';
import type { RejectedJob, Withdrawals } from '../../store/sqlite-withdrawals.ts';
import type { After } from '../../timers.ts';
import { effectOf } from '../assemble/reject/rejection.ts';
import { createSliceReader, type SliceReader } from '../decode/slice-reader.ts';
import { createStageLoop, type StageLoop } from '../queue/stage-loop.ts';
import { buildRejectionNote } from '../result/rejection-note.ts';
import { writeResult } from './write-result.ts';

export type WithdrawalDeps = {
  readonly withdrawals: Withdrawals;
  readonly deliveries: Pick<Deliveries, 'withdraw'>;
  /** Absolute. */
  readonly dataDir: string;
  readonly deviceSerial: string;
  readonly agentVersion: string;
  readonly now: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly after: After;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
  /** A rejection note of ours is to be delivered. */
  readonly onNotes: () => void;
};

const BATCH = 64;
const RETRY_MS = 60_000;

/**
 * Takes back what was made of images that were rejected or replaced: what was not sent is not sent any more, and each destination that has, or
 * may have, something of it gets a rejection note of ours for it. Everything is read from the database, so a restart
 * goes on where it was; a note's file is written anew until its row is there, and never after.
 */
export function createWithdrawer(deps: WithdrawalDeps): StageLoop {
  const { withdrawals, log, now } = deps;
  let reader: Promise<SliceReader> | undefined;

  async function pass(): Promise<number | undefined> {
    const rejected = withdrawals.due(BATCH);
    let failed = 0;
    for (const job of rejected)
      await withdraw(job).catch((error: unknown) => {
        failed += 1;
        log.event('result-withdrawal-failed', { job: job.jobId, reason: describeError(error) });
      });
    if (failed > 0) return now() + RETRY_MS;
    return rejected.length === BATCH ? now() : undefined;
  }

  async function withdraw(job: RejectedJob): Promise<void> {
    const results = withdrawals.results(job.jobId);
    const { withdrawn, arrived } = await deps.deliveries.withdraw(
      results.map(({ resultId }) => resultId),
      'rejected',
    );
    const note = arrived.length === 0 ? undefined : await makeNote(job, results, arrived);
    await withdrawals.done(job, note, now());
    deps.checkpoint('withdrawal-noted');
    const destinations = note?.destinations.length ?? 0;
    log.event('result-withdrawn', { job: job.jobId, unsent: withdrawn, destinations });
    if (note !== undefined) deps.onNotes();
  }

  async function makeNote(
    { jobId, title }: RejectedJob,
    results: ReturnType<Withdrawals['results']>,
    arrived: readonly { readonly resultId: number; readonly destination: string }[],
  ): Promise<StoredResult> {
    const had = results.filter(({ resultId }) => arrived.some((one) => one.resultId === resultId));
    const [first] = had;
    if (first === undefined) throw new Error(`job ${jobId} has no result that arrived`);
    reader ??= createSliceReader();
    // The patient and study of the note are those of the very object that it takes back.
    const subject = await (await reader).readSubject(join(deps.dataDir, first.path));
    if (!subject.ok) throw new Error(`${subject.error.code}: ${subject.error.detail}`);
    const effect = effectOf(title ?? undefined);
    const uids = { kos: newUid(deps.random(16)), kosSeries: newUid(deps.random(16)) };
    const bytes = buildRejectionNote({
      now: new Date(now()),
      device: { id: deps.deviceSerial, softwareVersion: deps.agentVersion },
      subject: subject.value,
      uids,
      reason: effect.do === 'reject' ? effect.reason : 'quality',
      rejected: had,
      description: 'The images that these results were made of were rejected or replaced by their source',
    });
    const path = `withdrawals/${jobId}.dcm`;
    const sha256 = await writeResult(join(deps.dataDir, path), bytes);
    return {
      object: 'KOS',
      sopClassUid: sopClasses.keyObjectSelection,
      sopInstanceUid: uids.kos,
      seriesInstanceUid: uids.kosSeries,
      transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN,
      path,
      sha256,
      destinations: [...new Set(arrived.map(({ destination }) => destination))],
    };
  }

  return createStageLoop({ stage: 'withdraw', pass, now, after: deps.after, log });
}
