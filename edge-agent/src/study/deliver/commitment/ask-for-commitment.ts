import type { DimseDestination } from '@collimator/shared/contracts/agent-config';
import { peerOf } from '../../../config/dicom-settings.ts';
import {
  type Association,
  COMMITMENT_ACTION,
  type CommitmentReport,
  commitmentReports,
  type CommitmentRequest,
  encodeCommitmentRequest,
  messageTransferSyntaxes,
  openAssociation,
  STORAGE_COMMITMENT,
  STORAGE_COMMITMENT_INSTANCE,
  type StoreOutcome,
} from '../../../dimse/index.ts';
import type { After } from '../../../timers.ts';

/** Asks; resolves with the status of the N-ACTION-RSP, when the association is over. Rejects with an `AssociationError`. */
export type AskForCommitment = {
  (
    request: CommitmentRequest,
    /** A report on the association of the request. */
    onReport: (report: CommitmentReport) => Promise<void>,
  ): Promise<StoreOutcome>;
  /** The report came another way: the association need not be kept for it. */
  reported(): void;
  stop(): void;
};

/** How long the association of a request is kept for its report; most destinations report on one of their own. */
const SAME_ASSOCIATION_MS = 2_000;

/** N-ACTION to a destination (PS3.4 §J.3.2). */
export function createAsker(destination: DimseDestination, callingAeTitle: string, after: After): AskForCommitment {
  let open: Association | undefined;
  let endWait: () => void = () => undefined;

  async function ask(
    request: CommitmentRequest,
    onReport: (report: CommitmentReport) => Promise<void>,
  ): Promise<StoreOutcome> {
    let reported: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => {
      reported = resolve;
    });
    const association = await openAssociation({
      ...peerOf(destination, callingAeTitle),
      contexts: [{ abstractSyntax: STORAGE_COMMITMENT, transferSyntaxes: messageTransferSyntaxes }],
      onEventReport: commitmentReports(async (report) => {
        await onReport(report);
        reported();
        return { status: 0 };
      }),
    });
    open = association;
    try {
      const outcome = await association.action({
        sopClassUid: STORAGE_COMMITMENT,
        sopInstanceUid: STORAGE_COMMITMENT_INSTANCE,
        actionTypeId: COMMITMENT_ACTION,
        dataSet: encodeCommitmentRequest(request, association.transferSyntaxOf(STORAGE_COMMITMENT) ?? ''),
      });
      if (outcome.status === 0) await Promise.race([answered, pause()]);
      await association.release().catch(() => association.abort());
      return outcome;
    } catch (error) {
      association.abort();
      throw error;
    } finally {
      open = undefined;
    }
  }

  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const cancel = after(SAME_ASSOCIATION_MS, resolve);
      endWait = () => {
        cancel();
        resolve();
      };
    });

  return Object.assign(ask, {
    reported: () => endWait(),
    stop() {
      endWait();
      open?.abort();
    },
  });
}
