import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryIndex, NODE_AE_TITLE, startNode, type TestNode } from './node.ts';
import { filesBelow, pydicomFile, readPart10, run, startListener, temporaryFolder } from './peers.ts';
import { freePort } from '../../free-ports.ts';

/** File, how storescu has to propose so that it sends the file as it is, and a dcmtk program that makes it so before. */
const files: [name: string, propose: string, convert: readonly string[]][] = [
  ['CT_small.dcm', '-xe', []],
  ['MR_small.dcm', '-xe', []],
  ['rtplan.dcm', '-xi', []],
  ['MR_small_bigendian.dcm', '-xb', []],
  ['image_dfl.dcm', '-xd', []],
  ['MR_small_RLE.dcm', '-xr', []],
  ['SC_rgb_jpeg_dcmtk.dcm', '-xy', []],
  ['JPEG-lossy.dcm', '-xx', []],
  ['CT_small.dcm', '-xs', ['dcmcjpeg', '+e1']],
  ['MR_small_jpeg_ls_lossless.dcm', '-xt', []],
  ['MR_small_jp2klossless.dcm', '-xv', []],
  ['JPEG2000.dcm', '-xw', []],
];

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let index: ReturnType<typeof memoryIndex>;
let node: TestNode;

beforeEach(async () => {
  folder = await temporaryFolder();
  index = memoryIndex();
  node = await startNode(folder.path, index);
});

afterEach(async () => {
  await node.scp.close();
  await folder.remove();
});

const send = (port: number, args: readonly string[], calling = 'MODALITY', called = NODE_AE_TITLE) =>
  run('storescu', [
    '-v',
    '-aet',
    calling,
    '-aec',
    called,
    ...args.slice(0, -1),
    '127.0.0.1',
    `${port}`,
    ...args.slice(-1),
  ]);

async function converted(path: string, convert: readonly string[]): Promise<string> {
  if (convert.length === 0) return path;
  const to = join(folder.path, 'converted.dcm');
  const [command = '', ...options] = convert;
  expect(await run(command, [...options, path, to])).toMatchObject({ code: 0 });
  return to;
}

describe('dcmtk as sender', () => {
  it('echoes', async () => {
    const answer = await run('echoscu', ['-v', '-aet', 'MODALITY', '-aec', NODE_AE_TITLE, '127.0.0.1', `${node.port}`]);
    expect(answer.output).toContain('Received Echo Response (Success)');
    expect(node.events.map((event) => event.type)).toEqual(['association-accepted', 'association-released']);
  });

  it.each(files)('stores %s proposed with %s, byte for byte as storescp does', async (name, propose, convert) => {
    const path = await converted(await pydicomFile(name), convert);
    const theirs = join(folder.path, 'theirs');
    await mkdir(theirs);
    const port = await freePort();
    const peer = await startListener('storescp', ['+B', '+xa', '-pdu', '131072', '-od', theirs, `${port}`], port);
    try {
      expect(await send(port, [propose, path])).toMatchObject({ code: 0 });
    } finally {
      await peer.stop();
    }
    expect(await send(node.port, [propose, path])).toMatchObject({ code: 0 });

    const source = await readPart10(path);
    const [theirFile = ''] = await filesBelow(theirs);
    const oracle = await readPart10(theirFile);
    const [header] = index.headers.values();
    expect(header?.transferSyntaxUid).toBe(source.transferSyntaxUid);
    const ours = await readPart10(join(folder.path, header?.path ?? ''));
    expect(ours.dataSet.equals(oracle.dataSet)).toBe(true);
    expect({ ...ours, dataSet: 0 }).toEqual({ ...oracle, dataSet: 0 });
    expect(await filesBelow(join(folder.path, 'incoming'))).toEqual([]);
  });

  it('serves several associations at a time, each with all its objects', async () => {
    const paths = await Promise.all(['CT_small.dcm', 'MR_small.dcm', 'waveform_ecg.dcm'].map(pydicomFile));
    const sent = await Promise.all(
      [1, 2, 3, 4].map(() =>
        run('storescu', [
          '-aet',
          'MODALITY',
          '-aec',
          NODE_AE_TITLE,
          '--repeat',
          '3',
          '127.0.0.1',
          `${node.port}`,
          ...paths,
        ]),
      ),
    );
    expect(sent.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(node.events.filter((event) => event.type === 'instance-stored')).toHaveLength(4 * 3 * 3);
    expect(node.received.filter((event) => event.type === 'instance-placed' && !event.duplicate)).toHaveLength(3);
    expect(await filesBelow(join(folder.path, 'studies'))).toHaveLength(3);
    expect(await filesBelow(join(folder.path, 'quarantine'))).toEqual([]);
  });

  it('keeps an object that comes again with other content apart, and the first one in its place', async () => {
    const path = await pydicomFile('CT_small.dcm');
    expect(await send(node.port, ['-xe', path])).toMatchObject({ code: 0 });
    const changed = join(folder.path, 'changed.dcm');
    await copyFile(path, changed);
    expect(await run('dcmodify', ['-nb', '-i', '(0008,103e)=other', changed])).toMatchObject({ code: 0 });
    expect(await send(node.port, ['-xe', changed])).toMatchObject({ code: 0 });
    expect(node.received.map((event) => event.type)).toEqual(['instance-placed', 'quarantined', 'instance-conflict']);
    expect(await filesBelow(join(folder.path, 'quarantine'))).toHaveLength(2);
    expect(await filesBelow(join(folder.path, 'studies'))).toHaveLength(1);
  });

  it.each([
    ['an unknown calling AE title', 'NOBODY', NODE_AE_TITLE, 'Calling AE Title Not Recognized'],
    ['a known title from another address', 'ELSEWHERE', NODE_AE_TITLE, 'Calling AE Title Not Recognized'],
    ['another called AE title', 'MODALITY', 'SOMEONE', 'Called AE Title Not Recognized'],
  ])('refuses %s', async (_case, calling, called, reason) => {
    const answer = await send(node.port, ['-xe', await pydicomFile('CT_small.dcm')], calling, called);
    expect(answer.code).not.toBe(0);
    expect(answer.output).toContain(reason);
    expect(node.events).toMatchObject([{ type: 'association-rejected', callingAeTitle: calling }]);
    expect(index.headers.size).toBe(0);
  });
});
