import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { encodeFileMeta } from '@collimator/edge-agent/study/receive/disk/file-meta';
import { createKeyedLock } from '@collimator/edge-agent/study/receive/keyed-lock';
import { createFolderQuarantineIndex } from '@collimator/edge-agent/study/receive/quarantine/quarantine-index';
import { createStudyGate } from '@collimator/edge-agent/study/receive/study-gate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeSeries, type MadeInstance } from '../dimse/make-series.ts';
import { memoryIndex } from '../dimse/node.ts';
import { filesBelow, readPart10, run, temporaryFolder, until } from '../dimse/peers.ts';
import { BOUNDARY, bodyOf, MULTIPART, outcomesOf, post } from './posting.ts';
import { bearer, startStowNode, type StowNode, TOKEN } from './stow-node.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let dataDir: string;
let node: StowNode | undefined;
let index: ReturnType<typeof memoryIndex>;
let made: MadeInstance[];
let files: Buffer[];
let count = 0;

beforeEach(async () => {
  folder = await temporaryFolder();
  dataDir = join(folder.path, 'data');
  await mkdir(dataDir);
  index = memoryIndex();
  made = await makeSeries(join(folder.path, 'made'), 4, 64, (bytes) => Buffer.alloc(bytes, (count += 1)));
  files = await Promise.all(made.map(({ path }) => readFile(path)));
});
afterEach(async () => {
  await node?.close();
  node = undefined;
  await folder.remove();
});

const start = async (options: Parameters<typeof startStowNode>[2] = {}): Promise<StowNode> =>
  (node = await startStowNode(dataDir, index, options));
const uid = (i: number): string => made[i]?.sopInstanceUid ?? '';
const all = (status: number) => Object.fromEntries(made.map(({ sopInstanceUid }) => [sopInstanceUid, status]));

/** What lies in the data folder besides what is stored. */
const leftovers = async (): Promise<string[]> => [
  ...(await filesBelow(join(dataDir, 'incoming'))),
  ...(await filesBelow(join(dataDir, 'quarantine'))),
];

async function stored(): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const path of await filesBelow(join(dataDir, 'studies'))) {
    const { sopInstanceUid, dataSet } = await readPart10(path);
    found.set(sopInstanceUid, dataSet);
  }
  return found;
}

describe('instances that are posted', () => {
  it('are stored with their very data sets and named in the answer, however the body comes', async () => {
    const { url, events } = await start();
    const body = bodyOf(files);
    const pieces = Array.from({ length: Math.ceil(body.length / 1_000) }, (_, i) =>
      body.subarray(i * 1_000, (i + 1) * 1_000),
    );
    const first = await post(url, body, bearer);
    expect(first.status).toBe(200);
    expect(first.headers['content-type']).toBe('application/dicom+json');
    expect(outcomesOf(first)).toEqual({ named: all(0), unnamed: [] });
    expect(await stored()).toEqual(new Map(made.map(({ sopInstanceUid, dataSet }) => [sopInstanceUid, dataSet])));
    const again = await post(url, pieces, bearer);
    expect({ status: again.status, ...outcomesOf(again) }).toEqual({ status: 200, named: all(0), unnamed: [] });
    expect(await leftovers()).toEqual([]);
    expect(index.headers.get(uid(0))).toMatchObject({ callingAeTitle: 'VNA', calledAeTitle: 'COLLIMATOR' });
    expect(events.map(({ type }) => type)).toEqual(['begun', 'finished', 'begun', 'finished']);
  });

  it('are refused one by one, each with its reason', async () => {
    const { url } = await start({
      takesTransferSyntax: (syntax) => syntax !== '1.2.840.10008.1.2.4.50',
    });
    const meta = (change: object): Buffer =>
      encodeFileMeta({
        ...{ sopClassUid: '1.2.840.10008.5.1.4.1.1.2', transferSyntaxUid: '1.2.840.10008.1.2.1', sourceAeTitle: '' },
        ...{ sopInstanceUid: '1.2.3', ...change },
      });
    const dataSet = made[0]?.dataSet ?? Buffer.alloc(0);
    const answer = await post(
      url,
      bodyOf([
        files[0] ?? Buffer.alloc(0),
        Buffer.from('no DICOM at all'.repeat(20)),
        Buffer.concat([meta({ sopInstanceUid: '../../etc' }), dataSet]),
        Buffer.concat([meta({ sopInstanceUid: '1.2.4', sopClassUid: '1.2.840.10008.1.1' }), dataSet]),
        Buffer.concat([meta({ sopInstanceUid: '1.2.5', transferSyntaxUid: '1.2.840.10008.1.2.4.50' }), dataSet]),
        Buffer.concat([meta({ sopInstanceUid: '1.2.6' }), dataSet]),
        Buffer.concat([meta({ sopInstanceUid: '1.2.7' }), Buffer.from('rubbish'.repeat(5))]),
        meta({ sopInstanceUid: '1.2.8' }).subarray(0, 200),
        Buffer.alloc(0),
      ]),
      bearer,
    );
    expect(answer.status).toBe(202);
    expect(outcomesOf(answer)).toEqual({
      named: { [uid(0)]: 0, '1.2.4': 0x0122, '1.2.5': 0xc122, '1.2.6': 0xa900, '1.2.7': 0xc000 },
      unnamed: [0xc000, 0x0117, 0xc000, 0xc000],
    });
    expect(await filesBelow(join(dataDir, 'incoming'))).toEqual([]);
    expect((await stored()).size).toBe(1);
  });

  it('are those of the study that they are posted to, or refused', async () => {
    const { url } = await start();
    await post(url, bodyOf(files.slice(0, 1)), bearer);
    const study = index.headers.get(uid(0))?.studyInstanceUid ?? '';
    expect((await post(`${url}/${study}`, bodyOf(files), bearer)).status).toBe(200);
    const other = await post(`${url}/1.2.3`, bodyOf(files), bearer);
    expect({ status: other.status, ...outcomesOf(other) }).toEqual({ status: 409, named: all(0xa900), unnamed: [] });
    expect((await post(`${url}/..%2F..`, bodyOf(files), bearer)).status).toBe(400);
  });

  it('come again with other content by the policy for that: set aside, or dropped with a warning', async () => {
    const changed = Buffer.from(files[0] ?? []);
    changed[changed.length - 1] = 0xff;
    const { url } = await start();
    await post(url, bodyOf(files), bearer);
    const setAside = await post(url, bodyOf([changed]), bearer);
    expect({ status: setAside.status, ...outcomesOf(setAside).named }).toEqual({ status: 200, [uid(0)]: 0 });
    expect(await filesBelow(join(dataDir, 'quarantine'))).toHaveLength(2);
    await node?.close();

    const never = () => Promise.reject(new Error('nothing is replaced'));
    const keepFirst = await start({
      receive: {
        conflicts: {
          policy: 'keep-first',
          locks: createKeyedLock(),
          gate: createStudyGate(),
          quarantine: createFolderQuarantineIndex(join(dataDir, 'quarantine')),
          replacing: {
            stored: { pathOf: () => undefined, sha256Of: () => undefined, replace: never },
            removal: { run: never },
          },
        },
      },
    });
    const dropped = await post(keepFirst.url, bodyOf([changed, files[1] ?? changed]), bearer);
    expect({ status: dropped.status, ...outcomesOf(dropped).named }).toEqual({
      ...{ status: 202, [uid(0)]: 0xb006, [uid(1)]: 0 },
    });
    expect((await stored()).get(uid(0))).toEqual(made[0]?.dataSet);
  });

  it('that the sink cannot take are told as 0110H and A700H', async () => {
    let free = 0;
    const { url, events } = await start({
      receive: {
        freeBytes: async () => {
          if (free < 0) throw new Error('a fault');
          return free;
        },
        index: {
          record: () => {
            throw new Error('no index');
          },
        },
      },
    });
    const full = await post(url, bodyOf(files), bearer);
    expect({ status: full.status, ...outcomesOf(full) }).toEqual({ status: 409, named: all(0xa700), unnamed: [] });
    free = 1e12;
    const faulty = await post(url, bodyOf(files), bearer);
    expect({ status: faulty.status, ...outcomesOf(faulty) }).toEqual({ status: 409, named: all(0x0110), unnamed: [] });
    expect(events.filter(({ type }) => type === 'fault')).toHaveLength(4);
    expect(await leftovers()).toEqual([]);
  });
});

it('by curl that gets in is told to go on, and stored', async () => {
  const { url } = await start();
  await writeFile(join(folder.path, 'body'), bodyOf(files));
  const answer = await run('curl', [
    ...['-sS', '-X', 'POST', '--max-time', '20', '-T', join(folder.path, 'body'), '-w', '\n%{http_code}'],
    ...['-H', 'Expect: 100-continue', '--expect100-timeout', '20', '-H', `Content-Type: ${MULTIPART}`],
    ...['-H', `Authorization: ${bearer.authorization}`, url],
  ]);
  expect(answer.output).toMatch(/200$/);
  expect((await stored()).size).toBe(files.length);
});

describe('a request', () => {
  it.each<[string, number, object, string?]>([
    ['without a token', 401, { authorization: '' }],
    ['with a wrong token', 401, { authorization: 'Bearer wrong' }],
    ['with the token as a password', 401, { authorization: `Basic ${Buffer.from(`VNA:${TOKEN}`).toString('base64')}` }],
    ['for a form', 415, { 'content-type': 'application/x-www-form-urlencoded' }],
    ['of bare DICOM', 415, { 'content-type': 'application/dicom' }],
    [
      'of metadata and bulk data',
      415,
      { 'content-type': `multipart/related; type="application/dicom+json"; boundary=${BOUNDARY}` },
    ],
    ['that is compressed', 415, { 'content-encoding': 'gzip' }],
    ['without a boundary', 400, { 'content-type': 'multipart/related; type="application/dicom"' }],
    ['that wants XML', 406, { accept: 'application/dicom+xml' }],
    ['that wants no JSON', 406, { accept: 'application/dicom+json;q=0, text/html' }],
    ['with a study that is none', 400, {}, '/abc'],
  ])('%s is refused with %i before its body is read', async (_case, status, headers, path = '') => {
    const { url } = await start();
    const lines = Object.entries({ 'content-type': MULTIPART, ...bearer, ...headers });
    await writeFile(join(folder.path, 'body'), bodyOf(files));
    const answer = await run('curl', [
      ...['-sS', '-i', '-X', 'POST', '--max-time', '20', '-T', join(folder.path, 'body')],
      // curl waits for 100 Continue before it sends anything.
      ...['-H', 'Expect: 100-continue', '--expect100-timeout', '20', '-w', '\nuploaded %{size_upload}'],
      ...lines.flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
      `${url}${path}`,
    ]);
    expect(answer.output).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer.output).toMatch(/uploaded 0$/);
    expect(answer.output.toLowerCase().includes('www-authenticate: bearer')).toBe(status === 401);
    expect((await stored()).size).toBe(0);
  });

  it('from an address that is not listed is refused with 403, whatever its token', async () => {
    const { url } = await start({
      sources: [{ name: 'A', address: '192.0.2.0/24', token: () => ({ ok: true, value: TOKEN }), requestsMax: 1 }],
    });
    expect((await post(url, bodyOf(files), bearer)).status).toBe(403);
  });

  it('is told to come again when nothing should come', async () => {
    const { url, events } = await start({ congested: () => 'the disk is nearly full' });
    const answer = await post(url, bodyOf(files), bearer);
    expect({ status: answer.status, after: answer.headers['retry-after'] }).toEqual({ status: 503, after: '30' });
    expect(events).toMatchObject([{ type: 'refused', limit: 'congestion' }]);
  });

  it('is told so when all places of its source, or all, are in use, and not when one is free again', async () => {
    const { url, port, events } = await start();
    const open = Array.from({ length: 2 }, () => halfARequest(port, files[0] ?? Buffer.alloc(0)));
    await until('both are under way', () => events.filter(({ type }) => type === 'begun').length === 2);
    expect((await post(url, bodyOf(files), bearer)).status).toBe(503);
    expect(events.at(-1)).toMatchObject({ type: 'refused', limit: 'source-requests' });
    for (const socket of open) socket.destroy();
    await until('both are over', () => events.filter(({ type }) => type === 'cut-off').length === 2);
    expect((await post(url, bodyOf(files), bearer)).status).toBe(200);
    expect(await leftovers()).toEqual([]);
  });

  it.each<[string, () => Buffer, number]>([
    ['of no part', () => Buffer.from(`--${BOUNDARY}--\r\n`), 400],
    ['of another boundary', () => Buffer.from('--other\r\n\r\nabc\r\n--other--\r\n'), 400],
    ['with endless header lines', () => Buffer.from(`--${BOUNDARY}\r\nA: ${'b'.repeat(9_000)}`), 413],
    ['of only broken parts', () => bodyOf([Buffer.from('abc')]), 409],
    ['of other parts', () => bodyOf(files, 'application/dicom+xml'), 409],
  ])('%s is answered as it is', async (_case, body, status) => {
    const { url } = await start();
    expect((await post(url, body(), bearer)).status).toBe(status);
    expect((await stored()).size).toBe(0);
    expect(await leftovers()).toEqual([]);
  });

  it('that ends too soon names what was stored before', async () => {
    const { url } = await start();
    const body = bodyOf(files);
    const answer = await post(url, body.subarray(0, body.length - 20), bearer);
    expect(answer.status).toBe(202);
    expect(outcomesOf(answer).named).toEqual({ ...all(0), [uid(3)]: 0xc000 });
    expect([...(await stored()).keys()].sort()).toEqual([0, 1, 2].map(uid).sort());
    expect(await leftovers()).toEqual([]);
  });

  it.each([
    ['too long', { bytesMax: 12_000 }],
    ['of too many parts', { partsMax: 1 }],
  ])('that is %s is ended there, and names what was stored', async (_case, limits) => {
    const { url, events } = await start({ limits });
    const chunked = { ...bearer, 'transfer-encoding': 'chunked' };
    const answer = await post(url, [bodyOf(files).subarray(0, 9_000), bodyOf(files).subarray(9_000)], chunked);
    expect(answer.status).toBe(202);
    expect((await stored()).size).toBe(1);
    expect(events).toContainEqual({ type: 'limit', limit: 'request-size' });
    expect(await leftovers()).toEqual([]);
  });

  it('that says that it is too long is not read at all', async () => {
    const { url } = await start({ limits: { bytesMax: 1_000 } });
    expect((await post(url, bodyOf(files), bearer)).status).toBe(413);
    expect((await stored()).size).toBe(0);
  });

  it('that is cut off leaves nothing half stored', async () => {
    const { port, events } = await start();
    const socket = halfARequest(port, files[0] ?? Buffer.alloc(0));
    await until('it is under way', () => events.some(({ type }) => type === 'begun'));
    socket.destroy();
    await until('it is given up', () => events.some(({ type }) => type === 'cut-off'));
    expect(await leftovers()).toEqual([]);
    expect((await stored()).size).toBe(0);
  });

  it.each(['idle', 'progress'] as const)('that is stuck is given up: %s', async (limit) => {
    const { port, events } = await start({
      limits: limit === 'idle' ? { idle_ms: 100 } : { idle_ms: 60_000, bytesPerSecondMin: 1e9, progressWindow_ms: 100 },
    });
    const socket = halfARequest(port, files[0] ?? Buffer.alloc(0));
    let closed = false;
    socket.on('close', () => (closed = true));
    await until('it is given up', () => events.some(({ type }) => type === 'cut-off'));
    await until('the connection is closed', () => closed);
    expect(events).toContainEqual({ type: 'limit', limit });
    expect(await leftovers()).toEqual([]);
  });
});

/** A request whose first part does not end. */
function halfARequest(port: number, file: Uint8Array) {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(
    `POST /dicom-web/studies HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: ${MULTIPART}\r\nContent-Length: 1000000\r\n\r\n--${BOUNDARY}\r\n\r\n`,
  );
  socket.write(file);
  return socket;
}
