import { CodedError } from '@collimator/shared/errors/coded-error';

export type WaitOptions = {
  readonly what: string;
  readonly timeoutMs: number;
  readonly intervalMs?: number;
  /** Called at each turn; throws when waiting makes no sense any more. */
  readonly check?: () => void;
  readonly signal?: AbortSignal;
};

const intervalMsDefault = 100;

/** Polls until `probe` returns something; an error of the probe counts as "not yet" and is told when time is up. */
export async function waitFor<T>(
  probe: () => Promise<T | undefined> | T | undefined,
  options: WaitOptions,
): Promise<T> {
  const deadline = performance.now() + options.timeoutMs;
  let last: unknown;
  while (performance.now() < deadline) {
    options.signal?.throwIfAborted();
    options.check?.();
    try {
      const value = await probe();
      if (value !== undefined) return value;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, options.intervalMs ?? intervalMsDefault));
  }
  const why = last instanceof Error ? ` (${last.message})` : '';
  throw new CodedError('demo-timeout', `${options.what}, ${options.timeoutMs / 1000} s${why}`, { cause: last });
}
