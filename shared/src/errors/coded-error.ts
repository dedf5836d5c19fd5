import { type ErrorCode, errorCatalogue } from './catalogue.ts';
import type { ErrorClass, ErrorEntry } from './error-entry.ts';

/**
 * An error that a person can see: a stable code, what happened to what, and the remedy.
 * `detail` names the thing (a path, a device, a file), never a patient.
 */
export class CodedError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly remedy: string;
  readonly class: ErrorClass;

  constructor(code: ErrorCode, detail: string, options?: { readonly cause?: unknown }) {
    const entry: ErrorEntry = errorCatalogue[code];
    super(`${entry.what}: ${detail}`, options);
    this.name = 'CodedError';
    this.code = code;
    this.detail = detail;
    this.remedy = entry.remedy;
    this.class = entry.class;
  }
}

export const isCoded = (error: unknown, code?: ErrorCode): error is CodedError =>
  error instanceof CodedError && (code === undefined || error.code === code);

/** Any thrown value as one line for a person: `code: what: detail. remedy`. */
export function describeError(error: unknown): string {
  if (error instanceof CodedError) return `${error.code}: ${error.message}. ${error.remedy}`;
  return error instanceof Error ? error.message : String(error);
}
