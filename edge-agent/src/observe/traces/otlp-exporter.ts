import { readFileSync } from 'node:fs';
import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { readHeaders } from './headers-file.ts';
import type { StageSpan } from './span.ts';
import type { SendSpans } from './span-queue.ts';

export type TracesConfig = NonNullable<AgentConfig['telemetry']['traces']>;

export type OtlpExporter = { readonly send: SendSpans; stop(): Promise<void> };

export type Sender = { readonly serial: string; readonly agentVersion: string };

/** Longest time for one batch, repeats included. */
const EXPORT_MS_MAX = 10_000;
/** `ExportResultCode.SUCCESS`, of a package that comes with the exporter. */
const SUCCESS: ReadonlySet<number> = new Set([0]);

/**
 * Sends spans as OTLP/JSON over HTTP by OpenTelemetry's own exporter. It is loaded here and not before, so that a box that
 * tells no traces has nothing of it in memory. Headers are read again for each request: a token may be renewed.
 * Throws `config-invalid` when they cannot be read now.
 */
export async function openOtlpExporter(config: TracesConfig, sender: Sender): Promise<OtlpExporter> {
  const [{ OTLPTraceExporter }, { resourceFromAttributes }, { SpanKind, SpanStatusCode, TraceFlags }] =
    await Promise.all([
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/api'),
    ]);
  const { headers_file: headersFile, ca } = config;
  const given = headersFile === undefined ? undefined : readHeaders(headersFile);
  if (given?.ok === false) throw new CodedError('config-invalid', `telemetry.traces.headers_file ${given.error}`);
  const exporter = new OTLPTraceExporter({
    url: config.endpoint,
    timeoutMillis: EXPORT_MS_MAX,
    // One at a time is the caller's rule; the exporter counts a request a little longer than it tells of it.
    concurrencyLimit: 2,
    httpAgentOptions: { keepAlive: true, maxSockets: 1, ...(ca !== undefined && { ca: readFileSync(ca) }) },
    ...(headersFile !== undefined && {
      headers: async () => {
        const headers = readHeaders(headersFile);
        // Without them the collector refuses, and that is told.
        return headers.ok ? headers.value : {};
      },
    }),
  });
  type ReadableSpan = Parameters<typeof exporter.export>[0][number];
  const resource = resourceFromAttributes({
    'service.name': 'collimator-agent',
    'service.version': sender.agentVersion,
    'service.instance.id': sender.serial,
  });
  const instrumentationScope = { name: 'collimator', version: sender.agentVersion };
  const context = (traceId: string, spanId: string) => ({ traceId, spanId, traceFlags: TraceFlags.SAMPLED });

  const readable = (span: StageSpan): ReadableSpan => ({
    name: span.name,
    kind: SpanKind[span.kind.toUpperCase() as 'CLIENT' | 'SERVER' | 'INTERNAL'],
    spanContext: () => context(span.traceId, span.spanId),
    ...(span.parentSpanId !== undefined && { parentSpanContext: context(span.traceId, span.parentSpanId) }),
    startTime: hrTime(span.start_ms),
    endTime: hrTime(span.end_ms),
    duration: hrTime(span.end_ms - span.start_ms),
    status: { code: span.error === undefined ? SpanStatusCode.UNSET : SpanStatusCode.ERROR },
    attributes: { ...span.attributes, ...(span.error !== undefined && { 'error.type': span.error }) },
    links: [],
    events: [],
    ended: true,
    ...{ resource, instrumentationScope },
    ...{ droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
  });

  return {
    send: async (spans) => {
      try {
        return await new Promise((resolve) => {
          exporter.export(spans.map(readable), ({ code, error }) =>
            resolve(SUCCESS.has(code) ? {} : { failed: reasonOf(error) }),
          );
        });
      } catch (error) {
        // A span that cannot be written down is a fault of ours; it must not end the program.
        return { failed: error instanceof Error ? error.name : 'unknown' };
      }
    },
    stop: () => exporter.shutdown(),
  };
}

/** Seconds and nanoseconds. */
const hrTime = (ms: number): [number, number] => {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
};

/** The code only: a message may hold what the other side has answered. */
function reasonOf(error: Error | undefined): string {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  if (typeof code === 'number') return `HTTP ${code}`;
  return typeof code === 'string' ? code : 'the collector did not take them in time';
}
