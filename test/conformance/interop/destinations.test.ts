import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { openAssociation, VERIFICATION } from '@collimator/edge-agent/dimse/index';
import { asImplicitVr } from '@collimator/edge-agent/study/deliver/as-implicit-vr';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { freePort } from '../../free-ports.ts';
import { createDeliveryWorld, type DeliveryWorld } from '../../integration/delivery/delivery-world.ts';
import { kill, readPart10, startListener } from '../dimse/peers.ts';
import { partOf, partsBelow, sha256 } from './agent-world.ts';
import { interopPython, programs } from './pynetdicom.ts';

const EXPLICIT = '1.2.840.10008.1.2.1';

let world: DeliveryWorld;
let python: string;
beforeAll(async () => {
  python = await interopPython();
}, 240_000);
beforeEach(async () => {
  world = await createDeliveryWorld();
});
afterEach(() => world.close());

const pacs = (port: number, more: object = {}) => ({
  ...{ name: 'pacs', kind: 'dimse', ae_title: 'PACS', host: '127.0.0.1', port },
  ...more,
});
const states = (): string[] => world.states().map(({ state }) => state);

/** The results of a job as files. */
async function resultFiles() {
  const rows = world.store.all<{ readonly path: string }>('SELECT path FROM results ORDER BY id');
  return Promise.all(rows.map(async ({ path }) => readPart10(join(world.folder, path))));
}

type Said = { readonly event: string; readonly status: number; readonly uid: string; readonly sha256: string };

/** pynetdicom on a port, and what it said. */
async function startPynetdicom(answers: readonly number[], ...options: readonly string[]) {
  const port = await freePort();
  const child: ChildProcess = spawn(
    python,
    ['-W', 'ignore', join(programs, 'scp.py'), `${port}`, JSON.stringify(answers), ...options],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  world.endWith(() => kill(child, 'SIGKILL'));
  const said: Said[] = [];
  if (child.stdout === null) throw new Error('no output');
  createInterface({ input: child.stdout }).on('line', (line) => said.push(JSON.parse(line) as Said));
  const open = () =>
    openAssociation({
      ...{ host: '127.0.0.1', port, callingAeTitle: 'COLLIMATOR', calledAeTitle: 'PACS' },
      contexts: [{ abstractSyntax: VERIFICATION, transferSyntaxes: ['1.2.840.10008.1.2'] }],
    });
  await vi.waitFor(async () => (await open()).release());
  await vi.waitFor(() => expect(said).not.toEqual([]));
  said.length = 0;
  return { port, said };
}

describe('pynetdicom as destination', () => {
  it('gets every result byte for byte', async () => {
    const { port, said } = await startPynetdicom([0]);
    await world.makeJob(['pacs'], undefined, { bytes: 300_001 });
    world.lane(pacs(port));
    await vi.waitFor(() => expect(states()).toEqual(['sent', 'sent']));
    const sent = (await resultFiles()).map((one) => [one.sopInstanceUid, EXPLICIT, sha256(one.dataSet)]);
    const came = said.filter(({ event }) => event === 'store') as (Said & { readonly syntax: string })[];
    expect(new Set(came.map((one) => [one.uid, one.syntax, one.sha256].join(' ')))).toEqual(
      new Set(sent.map((one) => one.join(' '))),
    );
    expect(came).toHaveLength(sent.length);
  });

  it.each([
    ['success', [0x0000], { state: 'sent', status: 0x0000, attempts: 1, class: null }],
    ['coercion of elements (B000)', [0xb000], { state: 'sent', status: 0xb000, attempts: 1, class: null }],
    ['elements discarded (B006)', [0xb006], { state: 'sent', status: 0xb006, attempts: 1, class: null }],
    ['no match of class and data set (B007)', [0xb007], { state: 'sent', status: 0xb007, attempts: 1, class: null }],
    ['no room, and then success', [0xa700, 0x0000], { state: 'sent', status: 0x0000, attempts: 2, class: null }],
    ['no room, twice', [0xa702, 0xa700, 0x0000], { state: 'sent', status: 0x0000, attempts: 3, class: null }],
    ['it cannot be understood (C000)', [0xc000], { state: 'failed', status: 0xc000, attempts: 1, class: 'permanent' }],
    ['another of its kind (C123)', [0xc123], { state: 'failed', status: 0xc123, attempts: 1, class: 'permanent' }],
    ['it is not what it says (A900)', [0xa900], { state: 'failed', status: 0xa900, attempts: 1, class: 'permanent' }],
    ['its class is unknown (0122)', [0x0122], { state: 'failed', status: 0x0122, attempts: 1, class: 'permanent' }],
    ['it may not (0124)', [0x0124], { state: 'failed', status: 0x0124, attempts: 1, class: 'permanent' }],
    ['it failed to process, and then success', [0x0110, 0], { state: 'sent', status: 0, attempts: 2, class: null }],
  ])('answers %s', async (_, answers, outcome) => {
    const { port, said } = await startPynetdicom(answers);
    await world.makeJob(['pacs'], ['1.2.840.10008.5.1.4.1.1.88.33']);
    world.lane(pacs(port));
    await vi.waitFor(() => expect(world.states()).toMatchObject([outcome]));
    const answered = said.filter(({ event }) => event === 'store').map(({ status }) => status);
    expect(answered).toEqual(answers);
  });

  it('that takes nothing but implicit VR little endian gets every result in it', async () => {
    const { port, said } = await startPynetdicom([0], 'implicit');
    await world.makeJob(['pacs'], undefined, { bytes: 300_001 });
    world.lane(pacs(port));
    await vi.waitFor(() => expect(states()).toEqual(['sent', 'sent']));
    const sent = await Promise.all(
      (await resultFiles()).map(async (one) => {
        const pieces: Uint8Array[] = [];
        for await (const piece of asImplicitVr(Readable.from([one.dataSet]))) pieces.push(piece);
        return `${one.sopInstanceUid} 1.2.840.10008.1.2 ${sha256(Buffer.concat(pieces))}`;
      }),
    );
    const came = said.filter(({ event }) => event === 'store') as (Said & { readonly syntax: string })[];
    expect(new Set(came.map((one) => `${one.uid} ${one.syntax} ${one.sha256}`))).toEqual(new Set(sent));
  });
});

describe('storescp as destination', () => {
  it.each([
    ['as it comes', []],
    ['with bits as sent', ['+B']],
    ['with the smallest PDUs', ['+B', '--max-pdu', '4096']],
    ['with the largest PDUs', ['+B', '--max-pdu', '131072']],
    ['preferring explicit little endian', ['+B', '+xe']],
    ['preferring big endian', ['+B', '+xb']],
    ['accepting everything', ['+B', '+xa']],
    ['preferring implicit little endian', ['+B', '--prefer-uncompr']],
  ])('%s has every result', async (_, options) => {
    const port = await freePort();
    const out = join(world.folder, 'out');
    await mkdir(out);
    const peer = await startListener('storescp', [...options, '-aet', 'PACS', '-od', out, `${port}`], port);
    world.endWith(() => peer.stop());
    await world.makeJob(['pacs'], undefined, { bytes: 300_001 });
    world.lane(pacs(port));
    await vi.waitFor(() => expect(states()).toEqual(['sent', 'sent']));
    const sent = (await resultFiles()).map(partOf);
    const uid = (one: { readonly sopInstanceUid: string }): string => one.sopInstanceUid;
    expect((await partsBelow(out)).toSorted((a, b) => (uid(a) < uid(b) ? -1 : 1))).toEqual(
      sent.toSorted((a, b) => (uid(a) < uid(b) ? -1 : 1)),
    );
  });
});
