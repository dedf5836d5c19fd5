import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

// A collector of traces as OTLP/HTTP describes it (JSON encoding), of which a test can ask what it got and which can
// refuse or hang. The OpenTelemetry Collector is no Debian package.

/** https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
type Value = {
  readonly stringValue?: string;
  readonly intValue?: number | string;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
};
type Attribute = { readonly key: string; readonly value: Value };
type WireSpan = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly Attribute[];
  readonly status?: { readonly code?: number };
};
type Request = {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly scope: { readonly name: string }; readonly spans: readonly WireSpan[] }[];
  }[];
};

export type ReceivedSpan = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: number;
  /** Nanoseconds since 1970. */
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly resource: Readonly<Record<string, string | number | boolean>>;
  /** Status code 2. */
  readonly failed: boolean;
};

export interface OtlpReceiver {
  readonly endpoint: string;
  spans(): readonly ReceivedSpan[];
  /** Bodies as they came. */
  bodies(): readonly string[];
  headers(): readonly IncomingHttpHeaders[];
  /** From now on answers with this status; `hang` does not answer at all. */
  answer(how: number | 'hang'): void;
  close(): Promise<void>;
}

const valueOf = ({ stringValue, intValue, doubleValue, boolValue }: Value): string | number | boolean => {
  const value = stringValue ?? boolValue ?? doubleValue ?? (intValue === undefined ? undefined : Number(intValue));
  if (value === undefined) throw new Error('an attribute without a value');
  return value;
};
const record = (attributes: readonly Attribute[] = []) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, valueOf(value)]));

/** The spans of one request body. Throws for what is no such request: ids of the wrong form, times that are none. */
export function parseTraces(body: string): ReceivedSpan[] {
  const { resourceSpans } = JSON.parse(body) as Request;
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span): ReceivedSpan => {
        if (!/^[0-9a-f]{32}$/.test(span.traceId) || !/^[0-9a-f]{16}$/.test(span.spanId))
          throw new Error('an id is wrong');
        const { parentSpanId } = span;
        if (parentSpanId !== undefined && !/^([0-9a-f]{16})?$/.test(parentSpanId)) throw new Error('a parent is wrong');
        return {
          ...{ traceId: span.traceId, spanId: span.spanId, name: span.name, kind: span.kind },
          parentSpanId: parentSpanId === '' ? undefined : parentSpanId,
          start: BigInt(span.startTimeUnixNano),
          end: BigInt(span.endTimeUnixNano),
          attributes: record(span.attributes),
          resource: record(resource.attributes),
          failed: span.status?.code === 2,
        };
      }),
    ),
  );
}

/** @param tls PEM texts; plain http when absent */
export async function startOtlpReceiver(tls?: { readonly cert: string; readonly key: string }): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const bodies: string[] = [];
  const headers: IncomingHttpHeaders[] = [];
  let how: number | 'hang' = 200;
  const take: RequestListener = (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      headers.push(request.headers);
      if (how === 'hang') return;
      const body = Buffer.concat(parts).toString('utf8');
      const right = request.method === 'POST' && request.url === '/v1/traces';
      const json = request.headers['content-type'] === 'application/json';
      let status = right ? (json ? how : 415) : 404;
      if (status === 200) {
        try {
          spans.push(...parseTraces(body));
          bodies.push(body);
        } catch {
          status = 400;
        }
      }
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
  };
  const server = tls === undefined ? createServer(take) : createSecureServer(tls, take);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    spans: () => spans,
    bodies: () => bodies,
    headers: () => headers,
    answer(next) {
      how = next;
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
