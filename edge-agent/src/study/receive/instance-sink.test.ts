import { mkdtemp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoreOutcome, StoreRequest } from '../../dimse/index.ts';
import { sweepIncoming } from './disk/data-folders.ts';
import { encodeFileMeta } from './disk/file-meta.ts';
import { HEADER_READS_MAX } from './header/header-parser.ts';
import type { InstanceHeader } from './header/instance-header.ts';
import type { InstanceIndex } from './instance-index.ts';
import { placeOf, relativePath } from './disk/instance-path.ts';
import { createInstanceSink, type InstanceSinkDeps } from './instance-sink.ts';
import type { ReceiveEvent } from './receive-events.ts';
import { openStoreLane, type StoreLane } from './disk/store-lane.ts';

const request: StoreRequest = {
  sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
  sopInstanceUid: '1.2.3.4',
  transferSyntaxUid: '1.2.840.10008.1.2.1',
  callingAeTitle: 'CT1',
  calledAeTitle: 'EDGE',
  remoteAddress: '192.0.2.1',
  associationId: 'a1',
};

function element(tag: number, vr: string, value: string | Buffer): Buffer {
  const raw = Buffer.from(value as string, 'latin1');
  const padded = raw.length % 2 === 0 ? raw : Buffer.concat([raw, Buffer.from(vr === 'UI' ? '\0' : ' ')]);
  const long = ['OW', 'OB', 'UN'].includes(vr);
  const head = Buffer.alloc(long ? 12 : 8);
  head.writeUInt16LE(tag >>> 16, 0);
  head.writeUInt16LE(tag & 0xffff, 2);
  head.write(vr, 4, 'latin1');
  if (long) head.writeUInt32LE(padded.length, 8);
  else head.writeUInt16LE(padded.length, 6);
  return Buffer.concat([head, padded]);
}

function dataSet(
  options: { instance?: string; study?: string; series?: string; description?: string; filler?: number } = {},
): Buffer {
  return Buffer.concat([
    element(0x0008_0005, 'CS', 'ISO_IR 192'),
    element(0x0008_0016, 'UI', request.sopClassUid),
    element(0x0008_0018, 'UI', options.instance ?? request.sopInstanceUid),
    element(0x0008_0060, 'CS', 'CT'),
    element(0x0008_103e, 'LO', Buffer.from(options.description ?? 'Schädel', 'utf8').toString('latin1')),
    ...(options.filler === undefined ? [] : [element(0x0009_1001, 'UN', Buffer.alloc(options.filler))]),
    element(0x0020_000d, 'UI', options.study ?? '1.2.3'),
    element(0x0020_000e, 'UI', options.series ?? '1.2.3.1'),
    element(0x0020_0032, 'DS', '-1.5\\2\\3e1'),
    element(0x0028_0010, 'US', Buffer.from([0, 2])),
    element(0x0028_0030, 'DS', '0.5\\0.25'),
    element(0x7fe0_0010, 'OW', Buffer.alloc(1_000, 5)),
  ]);
}

type Memory = InstanceIndex & { readonly headers: Map<string, InstanceHeader> };
function memoryIndex(): Memory {
  const headers = new Map<string, InstanceHeader>();
  return {
    headers,
    async record(header) {
      const known = headers.get(header.sopInstanceUid);
      if (known !== undefined) return known.dataSetSha256 === header.dataSetSha256 ? 'duplicate' : 'conflict';
      headers.set(header.sopInstanceUid, header);
      return 'stored';
    },
  };
}

let dir: string;
let lane: StoreLane | undefined;
let index: Memory;
let events: ReceiveEvent[];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'collimator-sink-'));
  await sweepIncoming(dir);
  index = memoryIndex();
  events = [];
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const sinkWith = (deps: InstanceSinkDeps): ReturnType<typeof createInstanceSink> =>
  createInstanceSink({ ...(lane !== undefined && { lane }), ...deps });

async function receive(
  bytes: Buffer,
  differs: Partial<InstanceSinkDeps> = {},
  asked: Partial<StoreRequest> = {},
): Promise<StoreOutcome> {
  const sink = sinkWith({ dataDir: dir, index, onEvent: (event) => events.push(event), ...differs });
  const begun = await sink.begin({ ...request, ...asked });
  if (!begun.ok) return begun.error;
  const step = Math.max(333, bytes.length >> 8);
  for (let at = 0; at < bytes.length; at += step) await begun.value.write(bytes.subarray(at, at + step));
  return begun.value.commit();
}

const place = join(
  'studies',
  ...relativePath(placeOf({ studyInstanceUid: '1.2.3', seriesInstanceUid: '1.2.3.1', sopInstanceUid: '1.2.3.4' }))
    .split('/')
    .slice(1),
);
const stored = (): Promise<Buffer> => readFile(join(dir, place));
const names = async (folder: string): Promise<string[]> =>
  (await readdir(join(dir, folder), { recursive: true })).sort();
const whole = (bytes: Buffer): Buffer => Buffer.concat([encodeFileMeta({ ...request, sourceAeTitle: 'CT1' }), bytes]);

describe.each([
  ['by the ordinary way', false],
  ['by the store lane', true],
])('the instance sink, %s', (_way, byLane) => {
  beforeEach(async () => {
    if (byLane) lane = await openStoreLane();
  });
  afterEach(async () => {
    await lane?.close();
    lane = undefined;
  });

  it('stores a Part 10 file with the data set as sent, and knows its header', async () => {
    expect(await receive(dataSet())).toEqual({ status: 0 });
    expect((await stored()).equals(whole(dataSet()))).toBe(true);
    expect(index.headers.get('1.2.3.4')).toMatchObject({
      studyInstanceUid: '1.2.3',
      modality: 'CT',
      seriesDescription: 'Schädel',
      rows: 512,
      columns: null,
      imagePosition_mm: [-1.5, 2, 30],
      pixelSpacing_mm: [0.5, 0.25],
      dataSetBytes: dataSet().length,
      callingAeTitle: 'CT1',
    });
    expect(await names('incoming')).toEqual([]);
    expect(place).not.toContain('1.2.3');
  });

  it('has the file in its place before the index hears of it', async () => {
    const watching: InstanceIndex = {
      async record(header, path) {
        expect((await readFile(join(dir, path))).equals(whole(dataSet()))).toBe(true);
        return index.record(header, path);
      },
    };
    expect(await receive(dataSet(), { index: watching })).toEqual({ status: 0 });
    expect(index.headers.size).toBe(1);
  });

  it('takes the same again, and keeps other bytes under the same UID apart', async () => {
    await receive(dataSet());
    expect(await receive(dataSet())).toEqual({ status: 0 });
    expect(await receive(dataSet({ description: 'other' }))).toEqual({ status: 0 });
    expect((await stored()).equals(whole(dataSet()))).toBe(true);
    expect(events.map((event) => event.type)).toEqual([
      'instance-placed',
      'instance-placed',
      'quarantined',
      'instance-conflict',
    ]);
    expect(await names('quarantine')).toHaveLength(2);
    expect(await receive(dataSet({ description: 'third' }), { limits: { filesMax: 0 } })).toMatchObject({
      status: 0xa700,
    });
    expect(await names('incoming')).toEqual([]);
  });

  it('heals what a crash between file and index left: the same bytes', async () => {
    const failing: InstanceIndex = { record: () => Promise.reject(new Error('index')) };
    await expect(receive(dataSet(), { index: failing })).rejects.toThrow('index');
    expect(await names('incoming')).toEqual([]);
    expect(await receive(dataSet())).toEqual({ status: 0 });
    expect(index.headers.size).toBe(1);
  });

  it('heals what a crash between file and index left: other bytes', async () => {
    await mkdir(dirname(join(dir, place)), { recursive: true });
    await writeFile(join(dir, place), whole(dataSet({ description: 'never acknowledged' })));
    expect(await receive(dataSet())).toEqual({ status: 0 });
    expect((await stored()).equals(whole(dataSet()))).toBe(true);
  });

  it('makes a folder again that the retention deleted', async () => {
    const sink = sinkWith({ dataDir: dir, index });
    for (const instance of ['1.2.3.4', '1.2.3.5']) {
      const begun = await sink.begin({ ...request, sopInstanceUid: instance });
      if (!begun.ok) throw new Error('refused');
      await begun.value.write(dataSet({ instance }));
      expect(await begun.value.commit()).toEqual({ status: 0 });
      await rm(join(dir, place, '..', '..'), { recursive: true });
    }
  });

  it('makes a study again that the retention deleted, for a series that is new', async () => {
    const sink = sinkWith({ dataDir: dir, index });
    for (const series of ['1.2.3.1', '1.2.3.2']) {
      const instance = `${series}.9`;
      const begun = await sink.begin({ ...request, sopInstanceUid: instance });
      if (!begun.ok) throw new Error('refused');
      await begun.value.write(dataSet({ instance, series }));
      expect(await begun.value.commit()).toEqual({ status: 0 });
      await rm(join(dir, place, '..', '..'), { recursive: true });
    }
  });

  it('stops in the middle of an object that eats the room of the rest', async () => {
    let free = 2_000_000_000;
    const sink = sinkWith({ dataDir: dir, index, freeBytes: async () => free });
    const begun = await sink.begin(request);
    if (!begun.ok) throw new Error('refused');
    await begun.value.write(dataSet());
    free = 1_000_000;
    const piece = Buffer.alloc(1024 * 1024);
    for (let i = 0; i < 100; i += 1) await begun.value.write(piece);
    expect(await names('incoming')).toEqual([]);
    expect(await begun.value.commit()).toMatchObject({ status: 0xa700, comment: 'too little space left' });
  });

  it('counts in the quarantine only what is there, and leaves no note without its object', async () => {
    await receive(dataSet());
    const given = ['a', 'taken', 'b', 'free'];
    const sink = sinkWith({
      dataDir: dir,
      index,
      limits: { filesMax: 1 },
      newName: () => given.shift() ?? '',
    });
    await writeFile(join(dir, 'quarantine', 'taken.json'), '{}');
    const statuses: number[] = [];
    for (const description of ['x', 'y']) {
      const begun = await sink.begin(request);
      if (!begun.ok) throw new Error('refused');
      await begun.value.write(dataSet({ description }));
      statuses.push(
        await begun.value.commit().then(
          ({ status }) => status,
          () => -1,
        ),
      );
    }
    expect(statuses).toEqual([-1, 0]);
    expect(await names('quarantine')).toEqual(['free.dcm', 'free.json', 'taken.json']);
  });

  it('keeps one of many that come at once with different bytes', async () => {
    const sink = sinkWith({ dataDir: dir, index, onEvent: (event) => events.push(event) });
    const outcomes = await Promise.all(
      ['a', 'b', 'a', 'c', 'b', 'a'].map(async (description) => {
        const begun = await sink.begin(request);
        if (!begun.ok) return begun.error;
        await begun.value.write(dataSet({ description }));
        return begun.value.commit();
      }),
    );
    expect(outcomes.every(({ status }) => status === 0)).toBe(true);
    const known = index.headers.get('1.2.3.4')?.seriesDescription ?? '';
    expect((await stored()).equals(whole(dataSet({ description: known })))).toBe(true);
  });

  it.each([
    ['command and data set differ', dataSet({ instance: '1.2.3.9' }), {}, 0xa900, 2],
    ['no study', dataSet({ study: '' }), {}, 0xc000, 2],
    ['no data set', Buffer.alloc(0), {}, 0xc000, 2],
    ['an unknown transfer syntax', dataSet(), { transferSyntaxUid: '1.2.3' }, 0xc000, 2],
    ['a data set that says to be deflated', dataSet(), { transferSyntaxUid: '1.2.840.10008.1.2.1.99' }, 0xc000, 2],
  ])('refuses: %s', async (_case, bytes, asked, status, kept) => {
    expect(await receive(bytes, {}, asked)).toMatchObject({ status });
    expect(await names('quarantine')).toHaveLength(kept);
    expect(await names('studies')).toEqual([]);
    const note = (await names('quarantine')).find((name) => name.endsWith('.json')) ?? '';
    expect(JSON.parse(await readFile(join(dir, 'quarantine', note), 'utf8'))).toMatchObject({ callingAeTitle: 'CT1' });
  });

  it('answers A700 when there is too little room, and leaves nothing behind', async () => {
    expect(await receive(dataSet(), { freeBytes: async () => 10 })).toMatchObject({ status: 0xa700 });
    expect(await receive(dataSet(), { limits: { objectBytesMax: 500 } })).toMatchObject({ status: 0xa700 });
    await rm(join(dir, 'incoming'), { recursive: true });
    expect(await receive(dataSet())).toMatchObject({ status: 0xa700 });
    await sweepIncoming(dir);
    // Folders without a file may be left.
    const left = [...(await names('incoming')), ...(await names('studies'))];
    expect(left.filter((name) => name.includes('.'))).toEqual([]);
  });

  it('reads headers longer than the first read, and no more than it must', async () => {
    expect(await receive(dataSet({ filler: 700_000 }))).toEqual({ status: 0 });
    expect(index.headers.get('1.2.3.4')?.rows).toBe(512);
  });

  it('does not let a header of endlessly many items hold up the other senders', async () => {
    const items = Buffer.alloc(24 * 1024 * 1024);
    items.writeUInt32LE(0x1140_0008, 0);
    items.writeUInt32LE(0xffff_ffff, 4);
    for (let at = 8; at + 8 <= items.length; at += 8) items.writeUInt32LE(0xe000_fffe, at);
    const outcome = await receive(items, {}, { transferSyntaxUid: '1.2.840.10008.1.2' });
    expect(outcome).toEqual({ status: 0xc000, comment: `the header has more than ${HEADER_READS_MAX / 2} elements` });
  });

  it('sweeps what a crash left half received', async () => {
    await writeFile(join(dir, 'incoming', 'x.part'), 'half');
    expect(await sweepIncoming(dir)).toBe(1);
    expect(await names('incoming')).toEqual([]);
  });

  it('neither throws nor stores anything, whatever bytes come', async () => {
    const syntaxes = ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2', '1.2.840.10008.1.2.1.99'];
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom(...syntaxes),
        async (bytes, transferSyntaxUid) => {
          expect(await receive(Buffer.from(bytes), {}, { transferSyntaxUid })).toMatchObject({ status: 0xc000 });
        },
      ),
      { numRuns: 40 },
    );
    expect(await names('studies')).toEqual([]);
  });

  it('survives every single byte changed in a header', async () => {
    const valid = dataSet();
    await fc.assert(
      fc.asyncProperty(fc.nat(valid.length - 1_001), fc.integer({ min: 0, max: 255 }), async (at, to) => {
        const bytes = Buffer.from(valid);
        bytes[at] = to;
        expect([0, 0xa900, 0xc000]).toContain((await receive(bytes, { index: memoryIndex() })).status);
      }),
      { numRuns: 60 },
    );
  });
});
