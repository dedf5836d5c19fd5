import type { ProblemResponse } from '@collimator/shared/contracts/http-api';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { ErrorCode } from '@collimator/shared/errors/catalogue';
import { releaseStatusCodes } from '../release/http-routes.ts';

const statusCodes: Partial<Record<ErrorCode, number>> = {
  'config-invalid': 400,
  'csr-invalid': 400,
  'csr-weak-key': 400,
  'csr-wrong-subject': 403,
  'dataset-unknown': 422,
  'device-retired': 409,
  'device-unknown': 404,
  'operator-unauthorized': 401,
  'request-invalid': 400,
  'request-too-large': 413,
  'request-too-many': 429,
  'route-unknown': 404,
  'run-launcher-unknown': 422,
  'run-queue-full': 503,
  'run-release-taken': 409,
  'run-unknown': 404,
  'store-conflict': 409,
  'store-unavailable': 503,
  'token-expired': 403,
  'token-unknown': 403,
  'token-used': 403,
  'token-wrong-serial': 403,
};

export type Problem = { readonly status: number; readonly body: ProblemResponse; readonly ours: boolean };

type FrameworkError = Error & { readonly statusCode?: number; readonly code?: string };

/** Every thrown value as an answer. What went wrong on our side is logged, and told without its internals. */
export function problemOf(error: unknown): Problem {
  const coded = error instanceof CodedError ? error : frameworkProblem(error as FrameworkError);
  const known: number | undefined = statusCodes[coded.code] ?? releaseStatusCodes[coded.code];
  const status = known ?? (coded.class === 'permanent' ? 422 : 500);
  return {
    status,
    body: { code: coded.code, message: coded.message, remedy: coded.remedy },
    ours: status >= 500,
  };
}

function frameworkProblem(error: FrameworkError): CodedError {
  const status = error.statusCode ?? 500;
  if (status === 413) return new CodedError('request-too-large', error.message);
  if (status === 429) return new CodedError('request-too-many', 'the limit of this route');
  if (status === 404) return new CodedError('route-unknown', error.message);
  if (status >= 400 && status < 500) return new CodedError('request-invalid', error.message);
  return new CodedError('hub-internal', 'see its log', { cause: error });
}
