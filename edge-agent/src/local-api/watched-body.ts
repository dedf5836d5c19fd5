import type { IncomingMessage } from 'node:http';
import { createProgress, type ProgressLimits } from '../dimse/index.ts';
import { BodyCutOff } from '../study/receive/stow/receive-parts.ts';
import type { Every } from '../timers.ts';

export { BodyCutOff };

export type WatchedBodyDeps = {
  readonly limits: ProgressLimits;
  /** Monotonic, ms. */
  readonly now_ms: () => number;
  readonly every: Every;
  /** A bound was reached: the sender is given up. */
  readonly onLimit: (limit: 'idle' | 'progress') => void;
};

const LOOK_MS = 500;

/**
 * The body of a request, piece by piece: the next one is read from the socket when it is asked for. Ends with
 * `BodyCutOff` when the connection is lost, or when the sender is silent or too slow; the time until the next piece is
 * asked for is ours and does not count.
 */
export async function* watchedBody(request: IncomingMessage, deps: WatchedBodyDeps): AsyncGenerator<Uint8Array> {
  const progress = createProgress(deps.limits);
  let given: string | undefined;
  const stopLooking = deps.every(LOOK_MS, () => {
    const verdict = progress.judge(deps.now_ms(), true);
    if (verdict === 'fine' || given !== undefined) return;
    given = verdict === 'idle' ? 'the sender is silent' : 'the sender is too slow';
    deps.onLimit(verdict === 'idle' ? 'idle' : 'progress');
    request.destroy();
  });
  // The request must outlive this loop: what is refused in the middle is still answered.
  const chunks = request.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  try {
    for (;;) {
      progress.wait(deps.now_ms());
      const next = await chunks.next().catch((error: NodeJS.ErrnoException) => {
        throw new BodyCutOff(given ?? `the connection was lost (${error.code ?? 'unknown'})`);
      });
      if (next.done === true) break;
      progress.got(deps.now_ms(), next.value.length);
      yield next.value;
    }
  } finally {
    stopLooking();
    await chunks.return?.();
  }
  if (!request.complete) throw new BodyCutOff(given ?? 'the connection was lost');
}
