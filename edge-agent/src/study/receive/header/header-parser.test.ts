import { describe, expect, it } from 'vitest';
import { transferSyntaxes } from '@collimator/shared/dicom/transfer-syntaxes';
import { parseHeader } from './header-parser.ts';

const explicit = transferSyntaxes.get('1.2.840.10008.1.2.1') as NonNullable<ReturnType<typeof transferSyntaxes.get>>;
const LONG = new Set(['OB', 'OW', 'OV', 'SV', 'UV', 'SQ']);

function element(tag: number, vr: string, value: string | Buffer): Buffer {
  const raw = Buffer.from(value as string, 'latin1');
  const padded = raw.length % 2 === 0 ? raw : Buffer.concat([raw, Buffer.from(vr === 'UI' ? '\0' : ' ')]);
  const head = Buffer.alloc(LONG.has(vr) ? 12 : 8);
  head.writeUInt16LE(tag >>> 16, 0);
  head.writeUInt16LE(tag & 0xffff, 2);
  head.write(vr, 4, 'latin1');
  if (LONG.has(vr)) head.writeUInt32LE(padded.length, 8);
  else head.writeUInt16LE(padded.length, 6);
  return Buffer.concat([head, padded]);
}

function sequence(tag: number, ...content: readonly Buffer[]): Buffer {
  const value = Buffer.concat(content);
  const item = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
  item.writeUInt32LE(value.length, 4);
  return element(tag, 'SQ', Buffer.concat([item, value]));
}

const uids = [
  element(0x0008_0016, 'UI', '1.2.840.10008.5.1.4.1.1.4.1'),
  element(0x0008_0018, 'UI', '1.2.3.4'),
] as const;
const places = [element(0x0020_000d, 'UI', '1.2.3'), element(0x0020_000e, 'UI', '1.2.3.1')] as const;
const groups = sequence(
  0x5200_9229,
  sequence(0x0020_9116, element(0x0020_0037, 'DS', '1\\0\\0\\0\\0\\-1')),
  sequence(0x0028_9110, element(0x0018_0050, 'DS', '2.5')),
);
const frames = (bytes: number): Buffer =>
  sequence(0x5200_9230, sequence(0x0020_9113, element(0x0029_1001, 'OB', Buffer.alloc(bytes))));
const pixels = element(0x7fe0_0010, 'OW', Buffer.alloc(100));

describe('a header', () => {
  it.each(['OV', 'SV', 'UV'])('is read past elements of %s, also inside sequences', async (vr) => {
    const wide = element(0x0009_1001, vr, Buffer.alloc(24, 1));
    const head = Buffer.concat([
      ...uids,
      wide,
      sequence(0x0009_1002, wide),
      ...places,
      element(0x0028_0010, 'US', Buffer.from([0, 2])),
      element(0x7fe0_0001, 'OV', Buffer.alloc(16)),
      pixels,
    ]);
    const read = await parseHeader(head, true, explicit, 1_000);
    expect(read).toMatchObject({ ok: true, value: { studyInstanceUid: '1.2.3', rows: 512 } });
  });

  it('of an enhanced image has the orientation and thickness that all its frames share', async () => {
    const head = Buffer.concat([...uids, ...places, element(0x0028_0008, 'IS', '30'), groups, frames(99), pixels]);
    const expected = { imageOrientation: [1, 0, 0, 0, 0, -1], sliceThickness_mm: 2.5, numberOfFrames: 30 };
    expect(await parseHeader(head, true, explicit, 1_000)).toMatchObject({ ok: true, value: expected });
    const short = head.subarray(0, head.indexOf(groups) + 20);
    expect(await parseHeader(short, false, explicit, 1_000)).toEqual({ ok: false, error: { kind: 'more' } });
    // What the frames have each need not be read.
    const begun = head.subarray(0, head.indexOf(groups) + groups.length + 20);
    expect(await parseHeader(begun, false, explicit, 1_000)).toMatchObject({ ok: true, value: expected });
  });

  it('of an image with large groups of each frame and none of all is read all the same', async () => {
    const after = element(0x0040_0007, 'LO', 'x');
    const many = element(0x0028_0008, 'IS', '30');
    const head = Buffer.concat([...uids, ...places, many, after, frames(2_000_000), pixels]);
    const read = await parseHeader(head.subarray(0, 1_500_000), false, explicit, 1_000);
    expect(read).toMatchObject({ ok: true, value: { imageOrientation: null } });
  });
});

describe('an image whose frames say each for itself how they lie', () => {
  /** The item of a sequence with one, without the head of the sequence. */
  const frame = (orientation: string, thickness: string): Buffer =>
    sequence(
      0x5200_9230,
      sequence(0x0020_9116, element(0x0020_0037, 'DS', orientation)),
      sequence(0x0028_9110, element(0x0018_0050, 'DS', thickness)),
    ).subarray(12);
  const axial = '1\\0\\0\\0\\1\\0 ';
  const coronal = '1\\0\\0\\0\\0\\-1';
  const head = (...frames: readonly Buffer[]): Buffer =>
    Buffer.concat([
      ...[...uids, ...places, element(0x0028_0008, 'IS', String(frames.length))],
      ...[sequence(0x5200_9229), element(0x5200_9230, 'SQ', Buffer.concat(frames))],
      pixels,
    ]);

  it('lies as all of them say, is known only when all are read, and is unknown where they differ', async () => {
    const alike = head(frame(axial, '2.5'), frame(axial, '2.5'));
    const expected = { imageOrientation: [1, 0, 0, 0, 1, 0], sliceThickness_mm: 2.5, numberOfFrames: 2 };
    expect(await parseHeader(alike, true, explicit, 1_000)).toMatchObject({ ok: true, value: expected });
    const begun = alike.subarray(0, alike.length - pixels.length - 20);
    expect(await parseHeader(begun, false, explicit, 1_000)).toEqual({ ok: false, error: { kind: 'more' } });
    const mixed = head(frame(axial, '2.5'), frame(coronal, '2.5'));
    const unknown = { imageOrientation: null, sliceThickness_mm: 2.5 };
    expect(await parseHeader(mixed, true, explicit, 1_000)).toMatchObject({ ok: true, value: unknown });
  });
});
