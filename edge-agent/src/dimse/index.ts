/** The library's public face; see README.md. */
export { AssociationError, type AssociationFailure, type AssociationStep } from './association-error.ts';
export { type Clock, systemClock } from './clock.ts';
export { defaultImplementation, type Implementation } from './implementation.ts';
export { isSuccess, status } from './message/statuses.ts';
export { err, ok, type Err, type Ok, type Result } from './result.ts';
export type { Peer, ScpEvent, Traffic } from './scp-events.ts';
export { defaultScpLimits, type ScpLimits } from './scp-limits.ts';
export { defaultScuTimeouts, type OpenAssociation, type ScuTimeouts } from './scu-options.ts';
export { storageSopClasses } from './storage-sop-classes.ts';
export { createStoreScp, type Listen, type StoreScp, type StoreScpDeps } from './store-scp.ts';
export { openAssociation, type Association, type StoreObject } from './store-scu.ts';
export type { StoreOutcome, StoreRequest, StoreSink, StoreWrite } from './store-sink.ts';
export { defaultTransferSyntaxes } from './transfer-syntaxes.ts';
export { isUid, UID_LENGTH_MAX, VERIFICATION } from './uid.ts';
export { parseCidr } from './upper-layer/address.ts';
export type { Policy, Source } from './upper-layer/admission.ts';
