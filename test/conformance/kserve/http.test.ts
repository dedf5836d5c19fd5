import { request } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../dimse/peers.ts';
import { bearer, expectedLogits, type KserveNode, startKserveNode, TOKEN, viewer } from './kserve-node.ts';

// What no well-behaved client does, and what it cannot see.

let node: KserveNode;
afterEach(() => node.close());

type Answer = { readonly status: number; readonly headers: Record<string, unknown>; readonly text: string };

const pixels = Array.from({ length: 256 }, (_, i) => i % 7);
const question = (more: object = {}) =>
  JSON.stringify({ inputs: [{ name: 'image', shape: [1, 1, 16, 16], datatype: 'FP32', data: pixels }], ...more });

function post(
  body: string | Uint8Array | readonly Uint8Array[],
  headers: Record<string, string> = {},
  path = '/models/bright-region/infer',
): Promise<Answer> {
  const pieces = Array.isArray(body) ? (body as readonly Uint8Array[]) : [Buffer.from(body as string)];
  return new Promise((resolve, reject) => {
    const sent = request(`${node.url}${path}`, { method: 'POST', headers: { ...bearer, ...headers } }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    if (pieces.length === 1) return void sent.end(pieces[0]);
    for (const piece of pieces) sent.write(piece);
    sent.end();
  });
}

/** Sends exactly this, and gives what comes back until the connection ends or `enough` is there. */
function raw(text: string, enough: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(node.port, '127.0.0.1', () => socket.write(text));
    let said = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
      if (enough.test(said)) socket.destroy();
    });
    socket.on('close', () => resolve(said));
    socket.on('error', reject);
  });
}

const lines = (...more: readonly string[]): string =>
  ['POST /v2/models/bright-region/infer HTTP/1.1', 'Host: 127.0.0.1', `Authorization: Bearer ${TOKEN}`, ...more].join(
    '\r\n',
  ) + '\r\n\r\n';

const finished = () => node.events.flatMap((event) => (event.type === 'finished' ? [event] : []));
const error = ({ text }: Answer): string => (JSON.parse(text) as { error: string }).error;

describe('a request over HTTP', () => {
  it('is answered in JSON, with the release that made it', async () => {
    node = await startKserveNode();
    const { status, headers, text } = await post(question({ id: 'mine' }));
    expect([status, headers['content-type']]).toEqual([200, 'application/json']);
    const answer = JSON.parse(text) as { outputs: { data: number[] }[] };
    expect(answer).toMatchObject({
      ...{ model_name: 'bright-region', model_version: '1.0.0', id: 'mine' },
      parameters: { release_sha256: node.engine.models()[0]?.sha256 },
      outputs: [{ name: 'logits', datatype: 'FP32', shape: [1, 1, 16, 16] }],
    });
    const near = expectedLogits(pixels).map((value) => expect.closeTo(value, 4) as unknown);
    expect(answer.outputs[0]?.data).toEqual(near);
  });

  it('that names no version is answered throughout a change of models, also when it takes its time', async () => {
    node = await startKserveNode({ later: ['2.0.0'] });
    const [one] = node.engine.models();
    const body = question();
    const versionOf = ({ status, text }: Answer): unknown =>
      status === 200 ? (JSON.parse(text) as { model_version: string }).model_version : status;
    node.engine.list(['2.0.0', '1.0.0'], 1);
    expect(versionOf(await post(body))).toBe('1.0.0');
    expect((await post(body, {}, '/models/bright-region/versions/2.0.0/infer')).status).toBe(503);
    const slow = connect(node.port, '127.0.0.1', () =>
      slow.write(lines(`Content-Length: ${body.length}`, 'Connection: close') + body.slice(0, 100)),
    );
    await until('the request is on its way', () => node.engine.asked.kept.get(one?.sha256 ?? '') === 1);
    node.engine.list(['2.0.0'], 0);
    expect(versionOf(await post(body))).toBe('2.0.0');
    expect((await post(body, {}, '/models/bright-region/versions/1.0.0/infer')).status).toBe(404);
    slow.write(body.slice(100));
    const said = await new Promise<string>((resolve) => {
      let text = '';
      slow.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      slow.on('close', () => resolve(text));
    });
    expect(said).toMatch(/^HTTP\/1\.1 200 [^]*"model_version":"1\.0\.0"/);
    await until('nothing is kept', () => [...node.engine.asked.kept.values()].every((count) => count === 0));
  });

  it('is refused before its body is read, and its sender sees why', async () => {
    node = await startKserveNode({ limits: { requestBytesMax: 50_000, jsonBytesMax: 20_000 } });
    const long = new Uint8Array(3_000_000);
    expect(await post(long)).toMatchObject({
      status: 413,
      text: expect.stringContaining('longer than 50000') as string,
    });
    expect(await post(long.subarray(0, 30_000))).toMatchObject({ status: 413 });
    expect(await post(question(), { authorization: 'Bearer x' })).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="collimator"' },
    });
    expect(await post(long, { 'transfer-encoding': 'chunked' })).toMatchObject({ status: 411 });
    expect(await post(question(), { 'content-encoding': 'gzip' })).toMatchObject({ status: 415 });
    for (const length of ['9999', '-1', '1e2', 'x', '1.5'])
      expect(await post('{}', { 'inference-header-content-length': length }), length).toMatchObject({ status: 400 });
    expect(await post(question(), {}, '/models/unknown/infer')).toMatchObject({ status: 404 });
    expect(await post(question(), {}, '/models/bright-region/versions/2.0.0/infer')).toMatchObject({ status: 404 });
    expect(await post(question(), {}, '/models/bright-region/explain')).toMatchObject({
      status: 404,
      text: expect.stringContaining('kserve-not-found') as string,
    });
    expect(node.engine.asked.priorities).toEqual([]);
    expect(node.events.filter(({ type }) => type !== 'refused')).toEqual([]);
  });

  it('is told to go on only where it gets in', async () => {
    node = await startKserveNode();
    const body = question();
    const asks = ['Expect: 100-continue', `Content-Length: ${body.length}`];
    expect(await raw(lines(...asks), /continue/i)).toMatch(/^HTTP\/1\.1 100 Continue/);
    const wrong = lines(...asks).replace(TOKEN, 'a-token-of-somebody-else');
    expect(await raw(wrong, /\}/)).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('has one tenant only: a program sees its releases, and asks with its priorities', async () => {
    const one = { ...viewer, releases: ['two-stages'], priorities: ['background' as const] };
    node = await startKserveNode({ programs: [one] });
    expect(await post(question())).toMatchObject({ status: 404 });
    expect((await fetch(`${node.url}/models/bright-region`, { headers: bearer })).status).toBe(404);
    expect(await post(question(), {}, '/models/two-stages.find/infer')).toMatchObject({ status: 200 });
    expect(node.engine.asked.priorities).toEqual([3]);
    const stat = await post(question({ parameters: { priority: 'stat' } }), {}, '/models/two-stages.find/infer');
    expect([stat.status, error(stat)]).toEqual([
      403,
      expect.stringMatching(/^kserve-forbidden: .*the priority stat; it may use background/),
    ]);
    expect(finished().map(({ http, priority }) => [http, priority])).toEqual([
      [200, 'background'],
      [403, undefined],
    ]);
  });

  it('needs no proof on this machine where that is said, but is no page of a browser', async () => {
    const here = { name: 'here', address: '127.0.0.1', unproved: true, requestsMax: 4, priorities: viewer.priorities };
    node = await startKserveNode({ programs: [{ ...here, unproved: true }] });
    const nobody = { authorization: '' };
    expect(await post(question(), nobody)).toMatchObject({ status: 200 });
    for (const page of [
      { origin: 'https://evil.example.com' },
      { origin: 'null' },
      { host: 'evil.example.com' },
      { 'sec-fetch-site': 'cross-site' },
    ])
      expect(await post(question(), { ...nobody, ...page }), JSON.stringify(page)).toMatchObject({ status: 403 });
  });
});

describe('bounds', () => {
  it('answer 429 with Retry-After: requests of all, of one program, bytes of all, the queue of the engine', async () => {
    const cases = [
      [{ limits: { requestsMax: 1 } }, 'requests', '1'],
      [{ programs: [{ ...viewer, requestsMax: 1 }] }, 'source-requests', '1'],
      [{ limits: { bytesMax: question().length + 5 } }, 'bytes', '1'],
      [{ waitingMax: 0 }, 'engine', '7'],
    ] as const;
    for (const [options, limit, retryAfter] of cases) {
      node = await startKserveNode(options);
      const release = node.engine.hold();
      const first = post(question());
      await until('the first one runs', () => node.engine.asked.priorities.length === 1);
      const second = await post(question());
      expect([second.status, second.headers['retry-after']], limit).toEqual([429, retryAfter]);
      expect(error(second)).toMatch(/^kserve-overloaded: /);
      expect(node.events, limit).toContainEqual({ type: 'limit', limit });
      release();
      expect((await first).status).toBe(200);
      // What the first one held is given back.
      await until('the first one is over', () => finished().some(({ http }) => http === 200));
      expect((await post(question())).status).toBe(200);
      if (limit !== 'engine') await node.close();
    }
  });

  it('give up a sender that is silent, and keep nothing of it', async () => {
    node = await startKserveNode({ limits: { idle_ms: 100, requestsMax: 1 } });
    await raw(`${lines('Content-Length: 500')}{"inputs":`, /nothing/);
    expect(node.events).toContainEqual({ type: 'limit', limit: 'idle' });
    await until('that is told', () => node.events.some(({ type }) => type === 'cut-off'));
    expect((await post(question())).status).toBe(200);
  });

  it('end what takes too long, as the configuration says and as the request says', async () => {
    node = await startKserveNode({ limits: { answer_ms: 50, requestsMax: 1 } });
    const release = node.engine.hold();
    expect(await post(question())).toMatchObject({
      status: 504,
      text: expect.stringContaining('kserve-timeout') as string,
    });
    await until('it is let go of', () => node.engine.asked.aborted === 1);
    release();
    expect(node.events).toContainEqual({ type: 'limit', limit: 'answer-time' });
    expect((await post(question({ parameters: { timeout: 'soon' } }))).status).toBe(400);
    expect((await post(question())).status).toBe(200);
  });
});

describe('whoever goes away', () => {
  it('before the answer is not waited for by the engine either', async () => {
    node = await startKserveNode({ limits: { requestsMax: 1 } });
    const release = node.engine.hold();
    const body = question();
    const socket = connect(node.port, '127.0.0.1', () => socket.write(lines(`Content-Length: ${body.length}`) + body));
    await until('it is asked', () => node.engine.asked.priorities.length === 1);
    socket.destroy();
    await until('it is let go of', () => node.engine.asked.aborted === 1);
    await until('that is told', () => node.events.some(({ type }) => type === 'cut-off'));
    release();
    expect((await post(body)).status).toBe(200);
  });

  it('in the middle of the body leaves its place to others', async () => {
    node = await startKserveNode({ limits: { requestsMax: 1 } });
    for (let i = 0; i < 3; i += 1) {
      const socket = connect(node.port, '127.0.0.1', () => socket.write(`${lines('Content-Length: 5000')}{"inputs"`));
      await until('it has begun', () => node.events.filter(({ type }) => type === 'begun').length === i + 1);
      socket.destroy();
      await until('it is over', () => node.events.filter(({ type }) => type === 'cut-off').length === i + 1);
    }
    expect((await post(question())).status).toBe(200);
    expect(node.engine.asked.priorities).toHaveLength(1);
  });

  it('or does not read its answer, gives it up after a while', async () => {
    node = await startKserveNode({ limits: { idle_ms: 200, requestsMax: 1 } });
    const many = new Float32Array(8_000_000);
    node.engine.setOutputs(() => [{ name: 'logits', dims: [1, 8_000_000], data: many }]);
    const body = question({ parameters: { binary_data_output: true } });
    const socket = connect(node.port, '127.0.0.1', () => {
      socket.write(lines(`Content-Length: ${body.length}`) + body);
      socket.pause();
    });
    socket.on('error', () => undefined);
    await until('it is given up', () => node.events.some(({ type }) => type === 'cut-off'));
    socket.destroy();
    node.engine.setOutputs(undefined);
    expect((await post(question())).status).toBe(200);
  });

  it('is cut off when the appliance stops', async () => {
    node = await startKserveNode();
    node.engine.hold();
    const answer = post(question()).catch((error: NodeJS.ErrnoException) => error.code);
    await until('it is asked', () => node.engine.asked.priorities.length === 1);
    await node.close();
    expect(await answer).toBe('ECONNRESET');
    expect(node.engine.asked.aborted).toBe(1);
    node = await startKserveNode();
  });
});

describe('what the engine gives', () => {
  it('is told by its code, without the places that only we know', async () => {
    node = await startKserveNode();
    node.engine.setOutputs(() => [{ name: 'logits', dims: [1, 1, 16, 16], data: new Float32Array(256).fill(NaN) }]);
    const told = await post(question());
    expect([told.status, error(told)]).toEqual([500, expect.stringContaining('inference-output-invalid')]);
    expect(finished().at(-1)).toMatchObject({ http: 500, code: 'inference-output-invalid' });
    node.engine.setOutputs(() => []);
    expect((await post(question())).status).toBe(500);
    node.engine.setOutputs(() => {
      throw new Error('/data/releases/secret');
    });
    const fault = await post(question());
    expect([fault.status, error(fault)]).toEqual([500, expect.not.stringContaining('secret')]);
    expect(node.events.filter(({ type }) => type === 'fault')).toHaveLength(1);
    node.engine.setOutputs(undefined);
    expect((await post(question())).status).toBe(200);
  });
});

it('answers any bytes with an answer, and goes on', async () => {
  node = await startKserveNode();
  const whole = question({ parameters: { binary_data_output: true } });
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom(
      ...['"', '{', ']', '1e999', 'null', '-1', '"binary_data_size":3,'].map((text) => Buffer.from(text)),
    ),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.nat(whole.length),
      fc.nat(20),
      piece,
      fc.option(fc.nat(whole.length + 60), { nil: undefined }),
      async (at, cut, put, jsonBytes) => {
        const body = Buffer.concat([Buffer.from(whole.slice(0, at)), put, Buffer.from(whole.slice(at + cut))]);
        const header = jsonBytes === undefined ? {} : { 'inference-header-content-length': String(jsonBytes) };
        const { status } = await post(body, header);
        expect([200, 400, 403]).toContain(status);
      },
    ),
    { numRuns: 300 },
  );
  expect(node.events.filter(({ type }) => type === 'fault')).toEqual([]);
  expect((await post(question())).status).toBe(200);
});
