import type { Release } from '@collimator/shared/contracts/release';
import type { ErrorCode } from '@collimator/shared/errors/catalogue';
import { errorCatalogue } from '@collimator/shared/errors/catalogue';
import { type Refusal, refuse } from '@collimator/shared/release/refusal';
import { ok, type Result } from '@collimator/shared/result';

/** Runs the golden inputs of a placed release and gives the largest absolute difference from the golden outputs. */
export type SelfTest = (
  folder: string,
  release: Release,
) => Promise<Result<{ readonly max_abs_diff: number }, { readonly code: string; readonly detail: string }>>;

/** What the result of a self-test means: within the tolerance that was signed, or refused. NaN is never within. */
export function judge(release: Release, result: Awaited<ReturnType<SelfTest>>): Result<undefined, Refusal> {
  const subject = `${release.name} ${release.version}`;
  if (!result.ok) {
    const { code, detail } = result.error;
    return code in errorCatalogue
      ? refuse(code as ErrorCode, detail)
      : refuse('self-test-failed', `${subject}: ${code}: ${detail}`);
  }
  const { max_abs_diff } = result.value;
  const { tolerance_abs } = release.golden;
  return max_abs_diff <= tolerance_abs
    ? ok(undefined)
    : refuse('golden-mismatch', `${subject}: differs by ${max_abs_diff}, allowed are ${tolerance_abs}`);
}
