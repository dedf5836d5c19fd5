import type { ErrorCode } from '../errors/catalogue.ts';
import { CodedError } from '../errors/coded-error.ts';
import { type Err, err } from '../result.ts';

/** Why something was not accepted: a code of the catalogue and what it is about. Never patient data. */
export type Refusal = { readonly code: ErrorCode; readonly detail: string };

export const refuse = (code: ErrorCode, detail: string): Err<Refusal> => err({ code, detail });

/** The same as an exception, for callers that cannot go on. */
export const refusalError = (refusal: Refusal): CodedError => new CodedError(refusal.code, refusal.detail);
