import type { Log } from '@collimator/shared/observe/log';
import type { Every } from '../../timers.ts';
import { createRepeatedEvent } from '../repeated-event.ts';
import type { StageSpan } from './span.ts';

/** Sends spans; resolves with why it could not, and never rejects. What can be tried again it has tried within its bound. */
export type SendSpans = (spans: readonly StageSpan[]) => Promise<{ readonly failed?: string }>;

/** Since the start. */
export type SpanCounts = { readonly exported: number; readonly failed: number; readonly dropped: number };

export type SpanQueue = {
  /** Takes it, or drops it where too many wait. */
  offer(span: StageSpan): void;
  counts(): SpanCounts;
  /** Sends what is left, as far as one attempt at it goes. */
  stop(): Promise<void>;
};

export type SpanQueueDeps = {
  readonly send: SendSpans;
  readonly every: Every;
  readonly now: () => number;
  readonly log: Log;
};

/** Spans that wait; one more is dropped. */
export const SPANS_MAX = 4_096;
const BATCH = 256;
const SEND_EVERY_MS = 1_000;
const TOLD_EVERY_MS = 600_000;

/** Spans on their way out: one request at a time, and a bound on what waits. Nobody waits for it. */
export function createSpanQueue({ send, every, now, log }: SpanQueueDeps): SpanQueue {
  const waiting: StageSpan[] = [];
  const seen = { exported: 0, failed: 0, dropped: 0 };
  const failures = createRepeatedEvent(TOLD_EVERY_MS, 16, now);
  let sending: Promise<void> | undefined;

  async function sendOne(): Promise<void> {
    const batch = waiting.splice(0, BATCH);
    const { failed } = await send(batch);
    seen[failed === undefined ? 'exported' : 'failed'] += batch.length;
    const left = failed === undefined ? undefined : failures.pass(failed);
    if (left === undefined) return;
    log.event('traces-not-exported', {
      reason: failed ?? '',
      spans: batch.length,
      dropped: seen.dropped,
      not_logged: left,
    });
  }

  function pump(): void {
    if (sending !== undefined || waiting.length === 0) return;
    sending = sendOne().finally(() => {
      sending = undefined;
      if (waiting.length >= BATCH) pump();
    });
  }

  const stopSending = every(SEND_EVERY_MS, pump);
  return {
    offer(span) {
      if (waiting.length >= SPANS_MAX) seen.dropped += 1;
      else waiting.push(span);
    },
    counts: () => ({ ...seen }),
    async stop() {
      stopSending();
      await sending;
      if (waiting.length > 0) await sendOne();
    },
  };
}
