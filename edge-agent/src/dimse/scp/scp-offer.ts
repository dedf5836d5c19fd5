import { STORAGE_COMMITMENT } from '../commitment/commitment-data-sets.ts';
import type { CommitmentService } from '../commitment/commitment-service.ts';
import { messageTransferSyntaxes } from '../data-set/encoding.ts';
import { storageSopClasses } from '../storage-sop-classes.ts';
import { defaultTransferSyntaxes } from '../transfer-syntaxes.ts';
import { VERIFICATION } from '../uid.ts';
import type { Offer, Offered } from '../upper-layer/presentation-contexts.ts';

export type OfferOptions = {
  /** Storage SOP classes besides the standard's. */
  readonly extraSopClasses?: readonly string[];
  /** Those accepted for storage; `defaultTransferSyntaxes` when absent. */
  readonly transferSyntaxes?: readonly string[];
  /** Of these, the order in which one is chosen where a context proposes several; the proposer's order when absent. */
  readonly preferredTransferSyntaxes?: readonly string[];
};

/** What the node takes: verification and storage from an SCU, and commitment in the roles that its owner serves. */
export function offerOf(options: OfferOptions, commitment?: CommitmentService): Offer {
  const storage: Offered = {
    transferSyntaxes: new Set(options.transferSyntaxes ?? defaultTransferSyntaxes),
    ...(options.preferredTransferSyntaxes !== undefined && { preferred: options.preferredTransferSyntaxes }),
    scu: true,
    scp: false,
  };
  const messages = new Set(messageTransferSyntaxes);
  const offer = new Map<string, Offered>();
  for (const uid of [...Object.keys(storageSopClasses), ...(options.extraSopClasses ?? [])]) offer.set(uid, storage);
  offer.set(VERIFICATION, { ...storage });
  if (commitment !== undefined)
    offer.set(STORAGE_COMMITMENT, {
      transferSyntaxes: messages,
      scu: commitment.onAction !== undefined,
      scp: commitment.onEventReport !== undefined,
    });
  return offer;
}
