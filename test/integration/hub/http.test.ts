import { readFileSync } from 'node:fs';
import { apiRoutes } from '@collimator/hub/http/api-routes';
import { createServer } from '@collimator/hub/http/server';
import { trustOnly } from '@collimator/provisioning/operator/request-hub';
import { silentLog } from '@collimator/shared/observe/log';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HubFolder, makeHubFolder } from './hub-folder.ts';
import { type RunningHub, runHub } from './running-hub.ts';

let install: HubFolder;
let hub: RunningHub;
let agent: ReturnType<typeof trustOnly>;

beforeAll(async () => {
  install = await makeHubFolder();
  hub = await runHub(install);
  agent = trustOnly(install.rootCa);
});
afterAll(async () => {
  await agent.close();
  await hub.stop();
  install.remove();
});

const ask = async (method: 'GET' | 'POST', path: string, headers: Record<string, string> = {}, body?: string) => {
  const answer = await request(new URL(path, hub.url), { method, dispatcher: agent, headers, body: body ?? null });
  const text = await answer.body.text();
  return { status: answer.statusCode, text, json: () => JSON.parse(text) as Record<string, unknown> };
};
const operator = () => ({ authorization: `Bearer ${install.operatorToken}` });

describe('the operator token', () => {
  const paths = Object.keys(apiRoutes)
    .filter((route) => route !== 'POST /v1/enrol')
    .map((route) => route.split(' ') as ['GET' | 'POST', string]);

  test.each(paths)('is asked for by %s %s', async (method, path) => {
    for (const headers of [
      {},
      { authorization: 'Bearer wrong' },
      { authorization: `Basic ${install.operatorToken}` },
    ]) {
      const answer = await ask(method, path.replace(':id', 'r-000001'), headers);
      expect(answer.status).toBe(401);
      expect(answer.json()).toMatchObject({ code: 'operator-unauthorized', remedy: expect.any(String) });
    }
  });
});

test('requests with a wrong token count towards the limit of their address', async () => {
  const [certificate, key] = ['auth/hub.crt', 'auth/hub.key'].map((name) => readFileSync(install.path(name), 'utf8'));
  const app = await createServer({
    tls: { certificate: certificate ?? '', key: key ?? '' },
    operatorToken: 'right',
    version: '0.0.0',
    log: silentLog,
    requestsPerMinute: 3,
  });
  app.get('/v1/devices', () => []);
  const status = async (token: string) =>
    (await app.inject({ url: '/v1/devices', headers: { authorization: `Bearer ${token}` } })).statusCode;
  const statuses: number[] = [];
  for (const token of ['wrong', 'right', 'wrong', 'wrong', 'right']) statuses.push(await status(token));
  expect(statuses).toEqual([401, 200, 401, 429, 429]);
  await app.close();
});

test.each([
  '/%761/devices',
  '/v1/%64evices',
  '/.//v1/devices',
  '/v1/devices/',
  '/V1/devices',
  '/v1/devices?x=/openapi.json',
])('however an address is spelled, nothing of the fleet is told without the token: %s', async (path) =>
  expect([401, 404]).toContain((await ask('GET', path)).status),
);

describe('a bad request', () => {
  const json = { 'content-type': 'application/json' };
  test('is answered with all its problems', async () => {
    const answer = await ask('POST', '/v1/tokens', { ...operator(), ...json }, '{"serial":"a b","expires_s":0,"x":1}');
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({
      code: 'request-invalid',
      message: expect.stringMatching(/x is not a known key/),
    });
    expect(answer.json()['message']).toMatch(/serial/);
    expect(answer.json()['message']).toMatch(/expires_s/);
  });
  test.each([
    ['no JSON', 400, 'request-invalid', '{'],
    ['too much', 413, 'request-too-large', JSON.stringify({ serial: 'x'.repeat(2_000_000) })],
  ])('%s', async (_what, status, code, body) => {
    const answer = await ask('POST', '/v1/tokens', { ...operator(), ...json }, body);
    expect([answer.status, answer.json()['code']]).toEqual([status, code]);
  });
  test('an address where there is nothing', async () => {
    const answer = await ask('GET', '/nothing');
    expect([answer.status, answer.json()['code']]).toEqual([404, 'route-unknown']);
  });
  test('a device and a run that do not exist', async () => {
    expect((await ask('GET', '/v1/devices/NONE', operator())).json()['code']).toBe('device-unknown');
    expect((await ask('GET', '/v1/runs/r-000009', operator())).json()['code']).toBe('run-unknown');
  });
});

test('the OpenAPI document describes every route, with a schema for what it takes and gives', async () => {
  const document = (await ask('GET', '/openapi.json')).json() as {
    openapi: string;
    info: object;
    paths: Record<
      string,
      Record<string, { summary: string; requestBody?: unknown; responses: Record<string, unknown>; security?: unknown }>
    >;
  };
  expect(document.openapi).toMatch(/^3\.1\./);
  expect(document.info).toMatchObject({ title: expect.any(String), version: expect.any(String) });
  for (const [route, api] of Object.entries(apiRoutes)) {
    const [method = '', path = ''] = route.split(' ');
    const described = document.paths[path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
    expect({
      route,
      answers: Object.keys(described?.responses ?? {}),
      takesBody: described?.requestBody !== undefined,
      asksForToken: described?.security !== undefined,
    }).toEqual({
      route,
      answers: [String(api.status), 'default'],
      takesBody: api.body !== undefined,
      asksForToken: route !== 'POST /v1/enrol',
    });
  }
  const count = Object.values(document.paths).reduce((n, methods) => n + Object.keys(methods).length, 0);
  expect(count).toBe(Object.keys(apiRoutes).length);
});

test('metrics parse line by line, start with our name and hold no device', async () => {
  await hub.operator.createToken({ serial: 'METRIC-1', expires_s: 60 });
  const text = (await ask('GET', '/metrics')).text;
  const lines = text.split('\n').filter((line) => line !== '');
  for (const line of lines) {
    expect(line).toMatch(
      /^(# (HELP|TYPE) collimator_\w+ .+|collimator_\w+(\{(\w+="[^"]*",?)*\})? (-?[\d.e+-]+|NaN|\+Inf))$/,
    );
  }
  expect(text).toMatch(/^collimator_hub_devices 0$/m);
  expect(text).toMatch(/^collimator_hub_link_connected 1$/m);
  expect(text).not.toContain('METRIC-1');
});

test('health says what it is about', async () => {
  expect((await ask('GET', '/livez')).json()).toEqual({ ok: true });
  expect((await ask('GET', '/readyz')).json()).toEqual({ ok: true, checks: { broker: true } });
});
