import { transferSyntaxes } from '@collimator/shared/dicom/transfer-syntaxes';
import { describe, expect, it } from 'vitest';
import { part10Bytes } from '../result/elements/part10-file.ts';
import { parsePart10 } from './part10.ts';

const LITTLE = '1.2.840.10008.1.2.1';
const BIG = '1.2.840.10008.1.2.2';

/** An element in explicit VR (PS3.5 §7.1.2); `long` VRs have two reserved bytes and four of length. */
function element(tag: number, vr: string, value: Buffer, big = false): Buffer {
  const isLong = ['OB', 'OV', 'SV', 'UV', 'SQ', 'UN'].includes(vr);
  const head = Buffer.alloc(isLong ? 12 : 8);
  const [two, four] = big
    ? (['writeUInt16BE', 'writeUInt32BE'] as const)
    : (['writeUInt16LE', 'writeUInt32LE'] as const);
  head[two](tag >>> 16, 0);
  head[two](tag & 0xffff, 2);
  head.write(vr, 4, 'latin1');
  if (isLong) head[four](value.length, 8);
  else head[two](value.length, 6);
  return Buffer.concat([head, value]);
}

function item(content: Buffer, big = false): Buffer {
  const head = Buffer.alloc(8);
  if (big) head.writeUInt32BE(0xfffee000, 0);
  else head.writeUInt32LE(0xe000fffe, 0);
  if (big) head.writeUInt32BE(content.length, 4);
  else head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content]);
}

const eight = Buffer.from('0123456789abcdef', 'hex');

describe('64-bit values before the pixel data', () => {
  it.each([
    ['little endian', LITTLE, false],
    ['big endian', BIG, true],
  ])('are read past in %s, also inside a sequence, and keep their VR', (_, transferSyntaxUid, big) => {
    const dataSet = Buffer.concat([
      element(0x00091010, 'UV', eight, big),
      element(0x00091011, 'SQ', item(element(0x00091012, 'SV', eight, big), big), big),
      element(0x00091013, 'OV', Buffer.concat([eight, eight]), big),
      element(0x00100020, 'LO', Buffer.from('P1'), big),
      element(0x7fe00010, 'OB', Buffer.alloc(4), big),
    ]);
    const identity = { sopClassUid: '1.2.840.10008.5.1.4.1.1.4', sopInstanceUid: '2.25.1' };
    const parsed = parsePart10(part10Bytes(identity, dataSet, transferSyntaxUid));
    if (!parsed.ok) throw new Error(parsed.error.detail);
    const { elements } = parsed.value.dataSet;
    expect(parsed.value.dataSet.string('x00100020')).toBe('P1');
    expect(elements['x7fe00010']?.length).toBe(4);
    expect([elements['x00091010'], elements['x00091013']].map((one) => [one?.vr, one?.length])).toEqual([
      ['UV', 8],
      ['OV', 16],
    ]);
    const nested = elements['x00091011']?.items?.[0]?.dataSet?.elements['x00091012'];
    expect([nested?.vr, nested?.length]).toEqual(['SV', 8]);
    expect(parsed.value.dataSet.string('x00020010')).toBe(transferSyntaxUid);
    expect(transferSyntaxes.has(transferSyntaxUid)).toBe(true);
  });
});
