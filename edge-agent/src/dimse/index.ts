/** The library's public face; see README.md. */
export { AssociationError, type AssociationFailure, type AssociationStep } from './association-error.ts';
export { bcp195 } from './bcp195.ts';
export { type Clock, systemClock } from './clock.ts';
export {
  COMMITMENT_REFERENCES_MAX,
  type CommitmentReport,
  type CommitmentRequest,
  commitmentFailures,
  decodeCommitmentReport,
  decodeCommitmentRequest,
  encodeCommitmentReport,
  encodeCommitmentRequest,
  COMMITMENT_ACTION,
  type FailedReference,
  type SopReference,
  STORAGE_COMMITMENT,
  STORAGE_COMMITMENT_INSTANCE,
} from './commitment/commitment-data-sets.ts';
export {
  commitmentEventReport,
  commitmentReports,
  type CommitmentService,
  type ReplyWithReport,
} from './commitment/commitment-service.ts';
export { messageTransferSyntaxes } from './data-set/encoding.ts';
export type { EventReport, OnEventReport, ReceivedEventReport } from './event-report.ts';
export {
  countOf,
  decodeFindIdentifier,
  encodeFindIdentifier,
  type FindIdentifier,
  type FindKey,
  STUDY_ROOT_FIND,
} from './find/find-identifier.ts';
export type { Find, FindOptions } from './find/find-request.ts';
export {
  type Move,
  type MoveCounts,
  type MoveOptions,
  type MoveOutcome,
  STUDY_ROOT_MOVE,
} from './move/move-request.ts';
export { defaultImplementation, type Implementation } from './implementation.ts';
export { isSuccess, status } from './message/statuses.ts';
export { err, ok, type Err, type Ok, type Result } from './result.ts';
export type { LimitKind, Peer, ScpEvent, Traffic } from './scp/scp-events.ts';
export { defaultScpLimits, type ScpLimits } from './scp/scp-limits.ts';
export { createProgress, type ProgressLimits } from './scp/scp-progress.ts';
export {
  ASYNC_OPERATIONS_MAX,
  defaultScuTimeouts,
  type OpenAssociation,
  type ScuIdentity,
  type ScuTimeouts,
} from './scu/scu-options.ts';
export type { OfferOptions } from './scp/scp-offer.ts';
export { storageSopClasses, storageSopClassesEdition } from './storage-sop-classes.ts';
export { createStoreScp, type Listen, type StoreScp, type StoreScpDeps } from './scp/store-scp.ts';
export type { Accepted } from './scu/scu-request.ts';
export { type Action, type Association, openAssociation, type StoreObject } from './scu/store-scu.ts';
export type { StoreOutcome, StoreRequest, StoreSink, StoreWrite } from './scp/store-sink.ts';
export { defaultTransferSyntaxes } from './transfer-syntaxes.ts';
export { isUid, UID_LENGTH_MAX, VERIFICATION } from './uid.ts';
export { canonicalBlock, longestPrefix, parseCidr, plainAddress } from './upper-layer/address.ts';
export type { Policy, Source } from './upper-layer/admission.ts';
export type { RoleSelection, UserIdentity } from './upper-layer/pdu.ts';
export { type Identify, oneUser } from './upper-layer/user-identity.ts';
