import { CodedError } from '@collimator/shared/errors/coded-error';

/** The code to log for any thrown value. A message may name a file or a peer's data; a code cannot. */
export const codeOf = (error: unknown): string => (error instanceof CodedError ? error.code : 'internal-error');

/**
 * Where a fault happened, without what was said: the name of the error and the first frames of its stack.
 * Messages of faults may hold values, and values may be a patient's.
 */
export function placeOf(error: unknown): string {
  if (error instanceof CodedError) return error.message;
  if (!(error instanceof Error)) return typeof error;
  const code = (error as NodeJS.ErrnoException).code;
  const frames = (error.stack ?? '')
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, 4)
    .map((line) => line.trim().replaceAll(/\(?(?:file:\/\/)?\/?[^ ()]*\/(?=[^/]+\/[^/]+:\d+)/g, '('));
  return [code === undefined ? error.name : `${error.name} ${code}`, ...frames].join(' ');
}
