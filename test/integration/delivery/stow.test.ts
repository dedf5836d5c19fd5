import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { freePorts } from '../../free-ports.ts';
import { startOrthanc } from '../../e2e/orthanc.ts';
import { createTestAuthority } from '../agent/certificates.ts';
import { createDeliveryWorld, type DeliveryWorld } from './delivery-world.ts';

let world: DeliveryWorld;
beforeEach(async () => {
  world = await createDeliveryWorld();
});
afterEach(() => world.close());

const states = (): string[] => world.states().map(({ state }) => state);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('STOW-RS to an Orthanc', () => {
  it('stores every object with its very bytes, several in a request, with credentials', async () => {
    const [dicomPort = 0, httpPort = 0] = await freePorts(2);
    const orthanc = await startOrthanc({
      ...{ folder: join(world.folder, 'orthanc'), aeTitle: 'ORTHANC', dicomPort, httpPort, dicomWeb: true },
      appliance: { aeTitle: 'COLLIMATOR', port: 104 },
      settings: { AuthenticationEnabled: false },
    });
    world.endWith(() => orthanc.stop());
    for (let job = 0; job < 4; job++) await world.makeJob(['web'], undefined, { bytes: 300_000 });
    const password_file = join(world.folder, 'password');
    await writeFile(password_file, 'secret\n');
    const url = `http://127.0.0.1:${httpPort}/dicom-web/studies`;
    world.lane({ name: 'web', kind: 'stow', url, request_objects_max: 3, basic: { name: 'box', password_file } });
    await vi.waitFor(() => expect(states()).toEqual(Array(8).fill('sent')));
    expect(world.states()[0]).toMatchObject({ status: 0, attempts: 1, mayHave: 1 });
    const names = (await orthanc.rest('GET', '/instances')) as string[];
    const stored = await Promise.all(names.map(async (name) => sha256(await orthanc.file(name))));
    const made = world.store.all<{ sha256: string }>('SELECT sha256 FROM results').map((row) => row.sha256);
    expect(new Set(stored)).toEqual(new Set(made));
  });
});

type Receiver = { readonly url: string; readonly requests: { type: string; authorization: string; parts: number }[] };

/** Answers as it is told to; what an Orthanc cannot be made to say. */
async function startReceiver(
  answer: (uids: readonly string[], nth: number) => { status: number; body?: object } | 'hang up' | 'silence',
  secure?: { readonly key: string; readonly cert: string; readonly ca: string },
): Promise<Receiver> {
  const requests: Receiver['requests'] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('latin1');
    const { 'content-type': type = '', authorization = '' } = request.headers;
    requests.push({ type, authorization, parts: text.split('Content-Type: application/dicom\r\n').length - 1 });
    const uids = world.states().flatMap(({ uid }) => (text.includes(uid) ? [uid] : []));
    const said = answer(uids, requests.length);
    if (said === 'silence') return;
    if (said === 'hang up') return void request.socket.destroy();
    response.writeHead(said.status, { 'content-type': 'application/dicom+json' });
    response.end(said.body === undefined ? '' : JSON.stringify(said.body));
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void =>
    void handle(request, response).catch(() => response.destroy());
  const server =
    secure === undefined
      ? createServer(listener)
      : createTlsServer({ ...secure, requestCert: true, rejectUnauthorized: true }, listener);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  world.endWith(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as { port: number };
  return { url: `${secure === undefined ? 'http' : 'https'}://127.0.0.1:${port}/studies`, requests };
}

const items = (uids: readonly string[], more: object = {}) => ({
  vr: 'SQ',
  Value: uids.map((uid) => ({ '00081155': { vr: 'UI', Value: [uid] }, ...more })),
});
const reason = (value: number) => ({ '00081197': { vr: 'US', Value: [value] } });
const stored = (uids: readonly string[]) => ({ status: 200, body: { '00081199': items(uids) } });
const web = (url: string, more: object = {}) => ({ name: 'web', kind: 'stow', url, request_objects_max: 4, ...more });

describe('answers of a STOW-RS destination', () => {
  it('count for each object by itself', async () => {
    for (let job = 0; job < 2; job++) await world.makeJob(['web']);
    const { url, requests } = await startReceiver((uids, nth) => {
      if (nth > 1) return stored(uids);
      const [a = '', b = '', c = '', d = ''] = uids;
      const failed = { vr: 'SQ', Value: [...items([b], reason(0xa700)).Value, ...items([c], reason(0x0122)).Value] };
      return { status: 202, body: { '00081199': items([a, d]), '00081198': failed } };
    });
    world.lane(web(url));
    await vi.waitFor(() => expect(states()).toEqual(['sent', 'sent', 'failed', 'sent']));
    expect(world.states()[2]).toMatchObject({ class: 'permanent', status: 0x0122, mayHave: 0 });
    expect(world.states()[1]).toMatchObject({ attempts: 2 });
    expect(requests.map(({ parts }) => parts)).toEqual([4, 1]);
    expect(requests[0]?.type).toMatch(/^multipart\/related; type="application\/dicom"; boundary=/);
  });

  it('that refuse a whole request are asked about each object alone', async () => {
    await world.makeJob(['web']);
    const refusedUid = world.states()[1]?.uid ?? '';
    const { url } = await startReceiver((uids) => (uids.includes(refusedUid) ? { status: 409 } : stored(uids)));
    const other = await startReceiver((uids) => (uids.includes(refusedUid) ? { status: 415 } : stored(uids)));
    world.lane(web(url, { request_objects_max: 1 }));
    await vi.waitFor(() => expect(states()).toEqual(['sent', 'failed']));
    await world.store.write([{ sql: `UPDATE deliveries SET state = 'pending', may_have = 0` }]);
    const lane = world.lane(web(other.url));
    lane.wake();
    await vi.waitFor(() => expect(other.requests.map(({ parts }) => parts)).toEqual([2, 1, 1]));
    await vi.waitFor(() => expect(states()).toEqual(['sent', 'failed']));
  });

  it('that do not come, or do not name the object, are asked for again with the same bytes', async () => {
    await world.makeJob(['web'], undefined);
    const { url, requests } = await startReceiver((uids, nth) => {
      if (nth === 1) return { status: 200, body: {} };
      if (nth === 2) return 'hang up';
      if (nth === 3) return 'silence';
      return nth === 4 ? { status: 503 } : stored(uids);
    });
    world.lane(web(url, { timeouts: { response_s: 0.3 } }));
    await vi.waitFor(() => expect(world.states()[0]).toMatchObject({ class: 'ambiguous', mayHave: 1 }));
    await vi.waitFor(() => expect(states()).toEqual(['sent', 'sent']));
    expect(requests.length).toBeGreaterThanOrEqual(5);
    expect(
      world.events.some(({ name, fields }) => name === 'destination-away' && fields?.['detail'] === 'HTTP 503'),
    ).toBe(true);
  });

  it('that let nobody in are an outage, and end when token and certificate are right', async () => {
    await world.makeJob(['web']);
    const authority = createTestAuthority(world.folder);
    const mine = authority.client('COLLIMATOR');
    const token_file = join(world.folder, 'token');
    await writeFile(token_file, 'old\n');
    const receiver: Receiver = await startReceiver(
      (uids) => (receiver.requests.at(-1)?.authorization === 'Bearer new' ? stored(uids) : { status: 401 }),
      {
        key: await readFile(authority.server.key, 'utf8'),
        cert: await readFile(authority.server.certificate, 'utf8'),
        ca: await readFile(authority.ca, 'utf8'),
      },
    );
    const stranger = { ...web(receiver.url, { tls: { ca: authority.ca } }), name: 'stranger' };
    world.lane(web(receiver.url, { token_file, tls: { ca: authority.ca, ...mine } }));
    await vi.waitFor(() => expect(world.states()[0]).toMatchObject({ detail: 'HTTP 401', mayHave: 0 }));
    await writeFile(token_file, 'new\n');
    await vi.waitFor(() => expect(states()).toEqual(['sent', 'sent']));
    await world.makeJob(['stranger']);
    world.lane(stranger);
    await vi.waitFor(() =>
      expect(world.states().at(-1)).toMatchObject({
        state: 'pending',
        // A server of TLS 1.3 looks at our certificate after we think that all is well.
        code: expect.stringMatching(/^delivery-un(reachable|answered)$/) as string,
      }),
    );
  });
});
