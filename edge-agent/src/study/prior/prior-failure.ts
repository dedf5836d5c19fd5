import type { AssociationError, StoreOutcome } from '../../dimse/index.ts';
import type { PriorReason } from './settle-request.ts';

/** Why the PACS gave no answer or sent nothing, and whether asking again may help. `detail` names no patient and no UID. */
export type PriorFailure = {
  readonly reason: PriorReason;
  readonly again: boolean;
  readonly detail: string;
};

/** Status of a C-MOVE whose destination the PACS does not know (PS3.4 Table C.4-2). */
const DESTINATION_UNKNOWN = 0xa801;

export function failedAssociation({ code, step, transient }: AssociationError): PriorFailure {
  const reason = code === 'no-accepted-context' ? 'priors-source-refused' : 'priors-source-unreachable';
  return { reason, again: transient, detail: `${step}: ${code}` };
}

/**
 * What a final status that is no success means (PS3.4 Tables C.4-1 and C.4-2): out of resources, sub-operations that
 * failed and faults of the PACS pass; what it does not know, does not allow or does not support stays so.
 */
export function failedStatus({ status }: StoreOutcome): PriorFailure {
  const detail = `status 0x${status.toString(16).padStart(4, '0').toUpperCase()}`;
  if (status === DESTINATION_UNKNOWN) return { reason: 'priors-destination-unknown', again: false, detail };
  const passes =
    (status >= 0xa700 && status <= 0xa7ff) ||
    (status & 0xf000) === 0xc000 ||
    (status & 0xf000) === 0xb000 ||
    [0x0110, 0x0213, 0xfe00].includes(status);
  return { reason: passes ? 'priors-source-failed' : 'priors-source-refused', again: passes, detail };
}
