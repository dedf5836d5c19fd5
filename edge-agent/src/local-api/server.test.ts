import type { Release } from '@collimator/shared/contracts/release';
import type { FastifyInstance } from 'fastify';
import { afterEach, expect, it } from 'vitest';
import type { ServedModel } from '../study/infer/tensor-engine.ts';
import { everySystem, systemAfter } from '../timers.ts';
import type { KserveDeps } from './kserve/deps.ts';
import { buildLocalApi } from './server.ts';
import type { LocalApiSources } from './sources.ts';

const log = { event: () => undefined };
let imagesCanBeTaken = true;
const active = { name: 'lung', version: '1.0.0', sha256: 'a'.repeat(64) };
const sources = {
  agentVersion: '1.2.3',
  readiness: () => ({ ready: imagesCanBeTaken, reasons: [] }),
  releases: () => [
    { name: 'lung', active, stale: false },
    { name: 'heart', active: null, stale: false },
  ],
} as unknown as LocalApiSources;

const release = { stages: [{ name: 'segment' }] } as unknown as Release;
const model: ServedModel = { ...active, release, ready: true };
const kserveOf = (models: () => readonly ServedModel[]): KserveDeps => ({
  engine: { models, keep: () => () => undefined, infer: () => Promise.reject(new Error('nobody asks')) },
  programs: [],
  limits: {
    ...{ idle_ms: 1_000, bytesPerSecondMin: 0, progressWindow_ms: 1_000, requestBytesMax: 1, jsonBytesMax: 1 },
    ...{ requestsMax: 1, bytesMax: 1, answer_ms: 1_000 },
  },
  ...{ onEvent: () => undefined, now_ms: () => 0, every: everySystem, after: systemAfter },
});

let app: FastifyInstance | undefined;
afterEach(() => app?.close());

const statusOf = async (url: string, method: 'GET' | 'POST' = 'GET'): Promise<number> =>
  (await app?.inject({ method, url }))?.statusCode ?? 0;

it('answers KServe’s health questions of the releases where no program is served, and nothing else of it', async () => {
  app = await buildLocalApi(sources, log);
  const asked = ['', '/versions/1.0.0', '/versions/2.0.0'].map((version) =>
    statusOf(`/v2/models/lung${version}/ready`),
  );
  expect(await Promise.all(asked)).toEqual([200, 200, 404]);
  expect(await statusOf('/v2/models/heart/ready')).toBe(503);
  expect(await statusOf('/v2/models/liver/ready')).toBe(404);
  expect(await statusOf('/v2/health/ready')).toBe(200);
  for (const url of ['/v2', '/v2/models/lung']) expect(await statusOf(url), url).toBe(404);
  expect(await statusOf('/v2/models/lung/infer', 'POST')).toBe(404);
});

it('answers them of the engine where programs are served: ready when images can be taken and every model answers', async () => {
  let models = [model];
  app = await buildLocalApi(sources, log, '127.0.0.1', { kserve: kserveOf(() => models) });
  expect(await statusOf('/v2')).toBe(200);
  expect(await statusOf('/v2/models/lung')).toBe(403);
  expect(await statusOf('/v2/models/lung/ready')).toBe(200);
  expect(await statusOf('/v2/models/lung/versions/2.0.0/ready')).toBe(404);
  expect(await statusOf('/v2/models/heart/ready')).toBe(404);
  expect(await statusOf('/v2/health/ready')).toBe(200);
  imagesCanBeTaken = false;
  expect(await statusOf('/v2/health/ready')).toBe(503);
  imagesCanBeTaken = true;
  models = [model, { ...model, name: 'heart', ready: false }];
  expect(await statusOf('/v2/health/ready')).toBe(503);
  models = [{ ...model, version: '2.0.0', ready: false }, model];
  expect(await statusOf('/v2/health/ready')).toBe(200);
  expect(await statusOf('/v2/health/live')).toBe(200);
});
