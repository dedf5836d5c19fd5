import { expect, it } from 'vitest';
import type { KserveEvent } from '../local-api/kserve/deps.ts';
import { watchKserve } from './kserve-events.ts';

const finished = (http: number, code?: string): KserveEvent => ({
  ...{ type: 'finished', program: 'viewer', release: { name: 'r', version: '1.0.0' }, http, code },
  ...{ priority: 'routine', bytes: 10, answerBytes: 20, duration_ms: 1.6 },
});

it('counts requests by outcome, and logs nothing that a program sent', () => {
  let now = 0;
  const logged: [string, object][] = [];
  const watch = watchKserve({ event: (name, fields) => void logged.push([name, fields ?? {}]) }, () => now);
  const secret = 'input "PATIENT^NAME" is none of the model';
  watch.observe({
    ...{ type: 'refused', address: '192.0.2.1', program: 'viewer' },
    refusal: { http: 413, code: 'kserve-too-large', why: secret },
  });
  const stranger: KserveEvent = {
    ...{ type: 'refused', address: '192.0.2.9' },
    refusal: { http: 401, code: 'kserve-unauthorized', why: 'neither a token nor a certificate' },
  };
  for (let i = 0; i < 3; i += 1) watch.observe(stranger);
  now = 60_000;
  watch.observe(stranger);
  for (const http of [200, 200, 400, 404, 429, 503, 504, 500]) {
    watch.observe({ type: 'begun' });
    watch.observe(finished(http, http === 500 ? 'inference-device-lost' : undefined));
  }
  watch.observe({ type: 'begun' });
  watch.observe({ ...finished(200), type: 'cut-off' } as KserveEvent);
  watch.observe({ type: 'begun' });
  watch.observe({ type: 'limit', limit: 'bytes' });

  expect(watch.counts()).toEqual({
    open: 1,
    outcomes: {
      ...{ success: 2, invalid: 3, refused: 4, overloaded: 1 },
      ...{ 'not-ready': 1, timeout: 1, failed: 1, 'cut-off': 1 },
    },
    limits: {
      ...{ requests: 0, 'source-requests': 0, bytes: 1, engine: 0 },
      ...{ idle: 0, progress: 0, 'answer-time': 0 },
    },
    bytes: { in: 90, out: 180 },
  });
  expect(JSON.stringify(logged)).not.toContain('PATIENT');
  const named = (wanted: string) => logged.filter(([name]) => name === wanted).map(([, fields]) => fields);
  expect(named('kserve-refused')).toEqual([
    { address: '192.0.2.1', program: 'viewer', http_status: 413, code: 'kserve-too-large', not_logged: 0 },
    {
      ...{ address: '192.0.2.9', reason: 'neither a token nor a certificate', http_status: 401 },
      ...{ code: 'kserve-unauthorized', not_logged: 0 },
    },
    {
      ...{ address: '192.0.2.9', reason: 'neither a token nor a certificate', http_status: 401 },
      ...{ code: 'kserve-unauthorized', not_logged: 2 },
    },
  ]);
  expect(named('kserve-failed')).toEqual([
    { program: 'viewer', release: 'r', version: '1.0.0', code: 'inference-device-lost', not_logged: 0 },
  ]);
  expect(named('kserve-finished')[0]).toEqual({
    ...{ program: 'viewer', release: 'r', version: '1.0.0', priority: 'routine', http_status: 200, code: '' },
    ...{ bytes: 10, answer_bytes: 20, duration_ms: 2 },
  });
});
