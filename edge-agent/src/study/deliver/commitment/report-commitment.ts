import {
  AssociationError,
  commitmentEventReport,
  type CommitmentReport,
  messageTransferSyntaxes,
  openAssociation,
  STORAGE_COMMITMENT,
  type StoreOutcome,
} from '../../../dimse/index.ts';

/** N-EVENT-REPORT on an association of our own, as SCP of the class (PS3.4 §J.3.3). Rejects with an `AssociationError`. */
export async function reportCommitment(
  to: { readonly host: string; readonly port: number; readonly calledAeTitle: string },
  callingAeTitle: string,
  report: CommitmentReport,
): Promise<StoreOutcome> {
  const association = await openAssociation({
    ...to,
    callingAeTitle,
    contexts: [{ abstractSyntax: STORAGE_COMMITMENT, transferSyntaxes: messageTransferSyntaxes }],
    roles: [{ sopClassUid: STORAGE_COMMITMENT, scu: false, scp: true }],
  });
  try {
    const syntax = association.transferSyntaxOf(STORAGE_COMMITMENT);
    if (syntax === undefined)
      throw new AssociationError('no-accepted-context', 'event-report', `${to.calledAeTitle} takes no reports`);
    const outcome = await association.eventReport(commitmentEventReport(report, syntax));
    await association.release().catch(() => association.abort());
    return outcome;
  } catch (error) {
    association.abort();
    throw error;
  }
}
