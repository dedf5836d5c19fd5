import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OtlpReceiver, parseTraces, startOtlpReceiver } from './otlp-receiver.ts';

/** As in the examples of the protocol's repository (opentelemetry-proto/examples/trace.json), with names of ours. */
const body = (span: object = {}): string =>
  JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'a' } }] },
        scopeSpans: [
          {
            scope: { name: 'b' },
            spans: [
              {
                ...{ traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b174', name: 'c', kind: 2 },
                ...{ startTimeUnixNano: '1544712660000000000', endTimeUnixNano: '1544712661000000000' },
                attributes: [{ key: 'd', value: { intValue: '3' } }],
                ...span,
              },
            ],
          },
        ],
      },
    ],
  });

describe('the collector of the tests', () => {
  let receiver: OtlpReceiver;
  beforeEach(async () => {
    receiver = await startOtlpReceiver();
  });
  afterEach(() => receiver.close());
  const post = async (text: string, to = receiver.endpoint, type = 'application/json') =>
    (await fetch(to, { method: 'POST', body: text, headers: { 'content-type': type } })).status;

  it('takes spans, and tells them', async () => {
    expect(await post(body())).toBe(200);
    expect(receiver.spans()).toEqual([
      {
        ...{ traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b174', parentSpanId: undefined },
        ...{ name: 'c', kind: 2, start: 1544712660000000000n, end: 1544712661000000000n, failed: false },
        ...{ attributes: { d: 3 }, resource: { 'service.name': 'a' } },
      },
    ]);
  });

  it('refuses what is no request of traces', async () => {
    expect(await post('{')).toBe(400);
    expect(await post(body({ traceId: 'short' }))).toBe(400);
    expect(await post(body({ startTimeUnixNano: 'never' }))).toBe(400);
    expect(await post(body(), receiver.endpoint, 'application/x-protobuf')).toBe(415);
    expect(await post(body(), receiver.endpoint.replace('traces', 'metrics'))).toBe(404);
    receiver.answer(503);
    expect(await post(body())).toBe(503);
    expect(receiver.spans()).toEqual([]);
  });

  it('throws on a parent that is no id', () => {
    expect(() => parseTraces(body({ parentSpanId: 'x' }))).toThrow('parent');
    expect(parseTraces(body({ status: { code: 2 } }))[0]?.failed).toBe(true);
  });
});
