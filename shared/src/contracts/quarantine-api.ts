import Type, { type Static } from 'typebox';
import { strict, Timestamp } from './common.ts';
import { validator } from './validate.ts';

/** One object that was set aside, as the local API tells it: nothing of the patient and no UID. */
export const QuarantinedObject = strict({
  entry: Type.Integer(),
  state: Type.String(),
  /** Code of the error catalogue, and why in words. */
  code: Type.String(),
  why: Type.String(),
  calling_ae_title: Type.String(),
  called_ae_title: Type.String(),
  address: Type.String(),
  bytes: Type.Integer(),
  kept_at: Timestamp,
  /** Its sender was told success; it stays until somebody decides. */
  waits_for_decision: Type.Boolean(),
  /** Keys of the studies that it holds. */
  studies: Type.Array(Type.String()),
});
export type QuarantinedObject = Static<typeof QuarantinedObject>;

/** `GET /v1/quarantine` */
export const QuarantineListing = strict({ objects: Type.Array(QuarantinedObject) });

/** `POST /v1/quarantine/{entry}/release` and `…/discard`: no field; that it is JSON keeps web pages of others out. */
export const Decision = strict({});
export const Decided = strict({ entry: Type.Integer(), decision: Type.Enum(['released', 'discarded']) });

/** Why a request was refused. */
export const ApiRefusal = strict({ code: Type.String(), message: Type.String(), remedy: Type.String() });

export const quarantinedObject = validator(QuarantinedObject);
export const quarantineListing = validator(QuarantineListing);
export const decided = validator(Decided);
export const apiRefusal = validator(ApiRefusal);
