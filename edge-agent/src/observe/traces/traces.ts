import type { Log } from '@collimator/shared/observe/log';
import type { Store } from '@collimator/shared/sqlite/store';
import { createTraceFacts } from '../../store/sqlite-trace-facts.ts';
import type { OnEngineEvent } from '../../study/infer/engine-events.ts';
import type { Every } from '../../timers.ts';
import type { Ask } from '../ask.ts';
import { within } from '../within.ts';
import { openOtlpExporter, type Sender, type TracesConfig } from './otlp-exporter.ts';
import { createSpanQueue, type SpanCounts } from './span-queue.ts';
import { createStudyTracer } from './study-tracer.ts';

export type Traces = {
  watch(log: Log): Log;
  readonly observe: OnEngineEvent;
  counts(): SpanCounts;
  stop(): Promise<void>;
};

export type TracesDeps = Sender & {
  readonly store: Store;
  readonly now: () => number;
  readonly every: Every;
  readonly log: Log;
};

const nothing: Traces = {
  watch: (log) => log,
  observe: () => undefined,
  counts: () => ({ exported: 0, failed: 0, dropped: 0 }),
  stop: async () => undefined,
};

const STOP_MS_MAX = 2_000;

/** Follows studies and tells a collector; where none is configured, nothing is done at all. */
export async function startTraces(config: TracesConfig | undefined, deps: TracesDeps): Promise<Traces> {
  if (config === undefined) return nothing;
  const { store, now, every, log, serial } = deps;
  const exporter = await openOtlpExporter(config, deps);
  const queue = createSpanQueue({ send: exporter.send, every, now, log });
  const tracer = createStudyTracer({
    ...{ facts: createTraceFacts(store), serial, ratio: config.sample_ratio, now, every, log },
    offer: (span) => queue.offer(span),
  });
  return {
    watch: (inner) => tracer.watch(inner),
    observe: (event) => tracer.observe(event),
    counts: () => queue.counts(),
    async stop() {
      tracer.stop();
      // A collector that does not answer must not hold up the end of the program.
      await within(
        'traces',
        STOP_MS_MAX,
        queue.stop().then(() => exporter.stop()),
        log,
      );
    },
  };
}

export function addTraceMetrics(ask: Ask, counts: () => SpanCounts): void {
  ask(
    'collimator_trace_spans_total',
    'Spans of traces since the start: taken by the collector, not taken, or dropped because too many waited',
    ['outcome'],
    () => Object.entries(counts()).map(([outcome, count]) => [{ outcome }, count]),
  );
}
