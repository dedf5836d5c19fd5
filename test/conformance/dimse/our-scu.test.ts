import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AssociationError, openAssociation, VERIFICATION } from '@collimator/edge-agent/dimse/index';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryIndex, NODE_AE_TITLE, startNode } from './node.ts';
import {
  filesBelow,
  type Part10,
  type Peer,
  pydicomFile,
  readPart10,
  startListener,
  temporaryFolder,
} from './peers.ts';
import { freePort } from '../../free-ports.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let peer: Peer | undefined;

beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await peer?.stop();
  peer = undefined;
  await folder.remove();
});

const names = ['CT_small.dcm', 'waveform_ecg.dcm', 'MR_small_jpeg_ls_lossless.dcm', 'JPEG2000.dcm'];
const objects = (): Promise<Part10[]> => Promise.all(names.map(async (name) => readPart10(await pydicomFile(name))));

const open = (port: number, calledAeTitle: string, sent: readonly Part10[], callingAeTitle = 'MODALITY') =>
  openAssociation({
    host: '127.0.0.1',
    port,
    callingAeTitle,
    calledAeTitle,
    contexts: [
      { abstractSyntax: VERIFICATION, transferSyntaxes: ['1.2.840.10008.1.2'] },
      ...sent.map((object) => ({ abstractSyntax: object.sopClassUid, transferSyntaxes: [object.transferSyntaxUid] })),
    ],
  });

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('our SCU', () => {
  it.each([4096, 16_384, 131_072])('sends to storescp with a maximum PDU of %i bytes, byte for byte', async (pdu) => {
    const sent = await objects();
    const out = join(folder.path, 'out');
    await mkdir(out);
    const port = await freePort();
    peer = await startListener('storescp', ['+B', '+xa', '-pdu', `${pdu}`, '-od', out, `${port}`], port);
    const association = await open(port, 'ANY', sent);
    expect(await association.echo()).toEqual({ status: 0 });
    for (const [index, object] of sent.entries()) {
      const dataSet = index % 2 === 0 ? object.dataSet : inPieces(object.dataSet, 1_001);
      expect(await association.store({ ...object, dataSet })).toMatchObject({ status: 0 });
    }
    await association.release();
    const stored = await Promise.all((await filesBelow(out)).map(readPart10));
    expect(stored).toHaveLength(sent.length);
    const missing = sent.filter((object) => !stored.some((other) => other.dataSet.equals(object.dataSet)));
    expect(missing.map((object) => object.sopInstanceUid)).toEqual([]);
  });

  it('sends to Orthanc', async () => {
    const sent = await objects();
    const port = await freePort();
    const http = await freePort();
    const config = join(folder.path, 'orthanc.json');
    await writeFile(
      config,
      JSON.stringify({
        Name: 'test',
        StorageDirectory: join(folder.path, 'storage'),
        IndexDirectory: join(folder.path, 'storage'),
        DicomAet: 'ORTHANC',
        DicomPort: port,
        HttpPort: http,
        DicomAlwaysAllowStore: true,
        RemoteAccessAllowed: false,
        AuthenticationEnabled: false,
        Plugins: [],
      }),
    );
    peer = await startListener('Orthanc', [config], port);
    const association = await open(port, 'ORTHANC', sent);
    expect(await association.echo()).toEqual({ status: 0 });
    for (const object of sent) expect(await association.store(object)).toMatchObject({ status: 0 });
    await association.release();
    const instances = (await (await fetch(`http://127.0.0.1:${http}/instances`)).json()) as string[];
    expect(instances).toHaveLength(sent.length);
  });

  it('sends to our own SCP byte for byte', async () => {
    const sent = await objects();
    const index = memoryIndex();
    const node = await startNode(folder.path, index);
    const association = await open(node.port, NODE_AE_TITLE, sent);
    for (const object of sent) expect(await association.store(object)).toMatchObject({ status: 0 });
    await association.release();
    await node.scp.close();
    for (const object of sent) {
      const stored = await readPart10(join(folder.path, index.headers.get(object.sopInstanceUid)?.path ?? ''));
      expect(stored.dataSet.equals(object.dataSet)).toBe(true);
    }
  });

  it('says why it was rejected, and that trying again does not help', async () => {
    const node = await startNode(folder.path, memoryIndex());
    const failed: unknown = await open(node.port, NODE_AE_TITLE, await objects(), 'NOBODY').catch(
      (error: unknown) => error,
    );
    await node.scp.close();
    expect(failed).toBeInstanceOf(AssociationError);
    expect(failed).toMatchObject({ code: 'rejected', step: 'associate', transient: false });
    expect(String(failed)).toContain('calling AE title not recognized');
  });

  it('says that nobody listens', async () => {
    const port = await freePort();
    await expect(open(port, 'ANY', await objects())).rejects.toMatchObject({ code: 'connect-failed', step: 'connect' });
  });

  it('says which object the peer does not take, and goes on with others', async () => {
    const sent = await objects();
    const [first, second] = sent;
    const port = await freePort();
    peer = await startListener('storescp', ['--ignore', '+x=', `${port}`], port);
    const association = await open(port, 'ANY', sent);
    const compressed = sent.find((object) => object.transferSyntaxUid.startsWith('1.2.840.10008.1.2.4'));
    if (first === undefined || second === undefined || compressed === undefined) throw new Error('files');
    await expect(association.store(compressed)).rejects.toMatchObject({ code: 'no-accepted-context', step: 'store' });
    expect(await association.store(first)).toMatchObject({ status: 0 });
    await association.release();
    await expect(association.echo()).rejects.toMatchObject({ code: 'closed', step: 'echo' });
  });

  it('says that the peer aborted', async () => {
    const sent = await objects();
    const port = await freePort();
    peer = await startListener('storescp', ['--ignore', '+xa', '--abort-after', `${port}`], port);
    const association = await open(port, 'ANY', sent);
    const [first] = sent;
    if (first === undefined) throw new Error('files');
    await expect(association.store(first)).rejects.toMatchObject({ code: 'aborted', step: 'store' });
  });
});
