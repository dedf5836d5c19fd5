import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { type Association, openAssociation, VERIFICATION } from '@collimator/edge-agent/dimse/index';
import type { InstanceSinkDeps } from '@collimator/edge-agent/study/receive/instance-sink';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeSeries, type MadeInstance } from './make-series.ts';
import { memoryIndex, NODE_AE_TITLE, startNode, type TestNode } from './node.ts';
import { filesBelow, temporaryFolder } from './peers.ts';

const EXPLICIT = '1.2.840.10008.1.2.1';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let dataDir: string;
let node: TestNode | undefined;
let index: ReturnType<typeof memoryIndex>;
let made: readonly MadeInstance[];
beforeEach(async () => {
  folder = await temporaryFolder();
  dataDir = join(folder.path, 'data');
  index = memoryIndex();
  made = await makeSeries(join(folder.path, 'source'), 2, 64, randomBytes);
});
afterEach(async () => {
  await node?.scp.close();
  await folder.remove();
});

async function call(sink: Partial<InstanceSinkDeps> = {}): Promise<Association> {
  await mkdir(dataDir, { recursive: true });
  node = await startNode(dataDir, index, { sink });
  return openAssociation({
    host: '127.0.0.1',
    port: node.port,
    callingAeTitle: 'MODALITY',
    calledAeTitle: NODE_AE_TITLE,
    contexts: [sopClasses.ctImage, sopClasses.mrImage, VERIFICATION].map((abstractSyntax) => ({
      abstractSyntax,
      transferSyntaxes: [EXPLICIT],
    })),
  });
}

/** The first object with other bytes in the place of some; both must be as long. */
function changed(from: string, to: string): Buffer {
  const bytes = Buffer.from(made[0]?.dataSet ?? []);
  const at = bytes.indexOf(from, 0, 'latin1');
  if (at < 0) throw new Error(`${from} is not in it`);
  bytes.write(to.padEnd(from.length, '\0'), at, 'latin1');
  return bytes;
}

const studyUid = (): string => {
  const bytes = made[0]?.dataSet ?? Buffer.alloc(0);
  // (0020,000d) UI, explicit little endian.
  const at = bytes.indexOf(Buffer.from([0x20, 0, 0x0d, 0, 0x55, 0x49]));
  return bytes.toString('latin1', at + 8, at + 8 + bytes.readUInt16LE(at + 6)).replace(/\0$/, '');
};

type Sent = { readonly sopClassUid?: string; readonly sopInstanceUid?: string; readonly dataSet?: () => Buffer };
const full = (): Promise<number> => Promise.resolve(1_000);

describe('what a sender is told of an object that is not taken', () => {
  it.each<[string, number, number, Sent, Partial<InstanceSinkDeps>]>([
    ['there is no room', 0xa700, 0, {}, { freeBytes: full }],
    ['it is too large', 0xa700, 0, {}, { limits: { objectBytesMax: 100 } }],
    ['it is of another class than announced', 0xa900, 1, { sopClassUid: sopClasses.mrImage }, {}],
    ['it is another object than announced', 0xa900, 1, { sopInstanceUid: '1.2.3' }, {}],
    ['its announced UID is no UID', 0x0117, 0, { sopInstanceUid: '1.2.x' }, {}],
    ['its announced UID leads out of the folder', 0x0117, 0, { sopInstanceUid: '../../../tmp/x' }, {}],
    ['its announced UID is too long', 0x0117, 0, { sopInstanceUid: `1.${'2'.repeat(63)}` }, {}],
    ['it is no data set', 0xc000, 1, { dataSet: () => Buffer.alloc(300, 0xff) }, {}],
    ['its study UID leads out of the folder', 0xc000, 1, { dataSet: () => changed(studyUid(), '../../../tmp/y') }, {}],
    ['it ends in the middle', 0xc000, 1, { dataSet: () => Buffer.from(made[0]?.dataSet.subarray(0, 60) ?? []) }, {}],
    ['it comes on a context that is not for storage', 0x0122, 0, { sopClassUid: VERIFICATION }, {}],
    ['we are at fault', 0x0110, 0, {}, { index: { record: () => Promise.reject(new Error('broken index')) } }],
  ])('%s: %i', async (_, status, setAside, sent, sink) => {
    const association = await call(sink);
    const [first, second] = made as readonly [MadeInstance, MadeInstance];
    const object = {
      sopClassUid: sent.sopClassUid ?? sopClasses.ctImage,
      sopInstanceUid: sent.sopInstanceUid ?? first.sopInstanceUid,
      transferSyntaxUid: EXPLICIT,
      dataSet: sent.dataSet?.() ?? first.dataSet,
    };
    expect((await association.store(object)).status).toBe(status);
    // The association goes on, and what is good and finds room is taken on it.
    const good = { ...object, sopClassUid: sopClasses.ctImage, ...second };
    const works = Object.keys(sink).length === 0;
    expect((await association.store(good)).status).toBe(works ? 0 : status);
    await association.release();
    expect(index.headers.size).toBe(works ? 1 : 0);
    expect((await filesBelow(join(dataDir, 'quarantine'))).filter((name) => name.endsWith('.dcm'))).toHaveLength(
      setAside,
    );
    expect(await filesBelow(join(dataDir, 'incoming'))).toEqual([]);
    expect((await readdir(dataDir)).toSorted()).toEqual(['incoming', 'quarantine', 'studies']);
    expect((await readdir(folder.path)).toSorted()).toEqual(['data', 'source']);
  });
});
