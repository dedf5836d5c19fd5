import { expect, it } from 'vitest';
import type { StageSpan } from './span.ts';
import { createSpanQueue, SPANS_MAX } from './span-queue.ts';

const span = (i: number): StageSpan => ({
  ...{ traceId: '0', spanId: String(i), parentSpanId: undefined, name: 'study', kind: 'internal' },
  ...{ start_ms: 0, end_ms: 1, attributes: {} },
});

/** A queue whose time is a call, and whose requests end when the test says so. */
function world() {
  const requests: { readonly spans: readonly StageSpan[]; end(failed?: string): void }[] = [];
  const events: object[] = [];
  let tick = (): void => undefined;
  const queue = createSpanQueue({
    send: (spans) =>
      new Promise((resolve) => {
        requests.push({ spans, end: (failed) => resolve(failed === undefined ? {} : { failed }) });
      }),
    every(_, run) {
      tick = run;
      return () => {
        tick = () => undefined;
      };
    },
    now: () => 0,
    log: { event: (name, fields) => void events.push({ name, ...fields }) },
  });
  return { queue, requests, events, tick: () => tick() };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

it('sends one request at a time, and drops what is more than it may keep', async () => {
  const { queue, requests, tick } = world();
  for (let i = 0; i < 10; i++) queue.offer(span(i));
  tick();
  tick();
  expect(requests.map(({ spans }) => spans.length)).toEqual([10]);
  for (let i = 0; i < SPANS_MAX + 7; i++) queue.offer(span(i));
  tick();
  expect(requests).toHaveLength(1);
  expect(queue.counts()).toEqual({ exported: 0, failed: 0, dropped: 7 });
  requests[0]?.end();
  await turn();
  // More than a batch waits: the next request does not wait for its time.
  expect(requests.map(({ spans }) => spans.length)).toEqual([10, 256]);
  expect(queue.counts().exported).toBe(10);
});

it('counts what was not taken and does not send it again; of one reason it tells once', async () => {
  const { queue, requests, events, tick } = world();
  for (const _ of [1, 2]) {
    queue.offer(span(1));
    tick();
    requests.at(-1)?.end('HTTP 401');
    await turn();
  }
  tick();
  expect(requests).toHaveLength(2);
  expect(queue.counts()).toEqual({ exported: 0, failed: 2, dropped: 0 });
  expect(events).toEqual([{ name: 'traces-not-exported', reason: 'HTTP 401', spans: 1, dropped: 0, not_logged: 0 }]);
});

it('sends what is left when it stops', async () => {
  const { queue, requests } = world();
  queue.offer(span(1));
  const stopped = queue.stop();
  await turn();
  requests[0]?.end();
  await stopped;
  expect(queue.counts().exported).toBe(1);
});
