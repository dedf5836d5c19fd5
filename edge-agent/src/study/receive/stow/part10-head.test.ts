import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFileMeta } from '../disk/file-meta.ts';
import { PART10_HEAD_BYTES_MAX, readPart10Head } from './part10-head.ts';

const meta = {
  sopClassUid: '1.2.840.10008.5.1.4.1.1.4',
  sopInstanceUid: '2.25.1',
  transferSyntaxUid: '1.2.840.10008.1.2.1',
  sourceAeTitle: 'CT1',
};
const dataSet = Buffer.from([0x08, 0, 0x16, 0, 0x55, 0x49, 0, 0]);
const file = (values: object = {}): Buffer => Buffer.concat([encodeFileMeta({ ...meta, ...values }), dataSet]);

describe('the head of a Part 10 file', () => {
  it('is read as soon as it is there, and not before', () => {
    const whole = file();
    const dataSetAt = whole.length - dataSet.length;
    const { sourceAeTitle: _, ...values } = meta;
    expect(readPart10Head(whole)).toEqual({ ok: true, value: { ...values, dataSetAt } });
    for (let end = 0; end < whole.length; end += 1)
      expect(readPart10Head(whole.subarray(0, end)), `${end}`).toEqual({ ok: true, value: undefined });
  });

  it('ends where the group ends, whatever its length says', () => {
    const whole = file();
    whole.writeUInt32LE(7, 140);
    expect(readPart10Head(whole)).toMatchObject({ value: { dataSetAt: whole.length - dataSet.length } });
  });

  it('ends where its length says before a deflated data set, which may begin with anything', () => {
    const head = encodeFileMeta({ ...meta, transferSyntaxUid: '1.2.840.10008.1.2.1.99' });
    for (const deflated of [Buffer.from([2, 0, 2, 0, 0x55, 0x49, 0, 0]), Buffer.from([3, 0])])
      expect(readPart10Head(Buffer.concat([head, deflated]))).toMatchObject({ value: { dataSetAt: head.length } });
  });

  it('is refused when it is none, or endless', () => {
    expect(readPart10Head(Buffer.alloc(132))).toMatchObject({ ok: false });
    const whole = file();
    whole.writeUInt32LE(0xffff_ffff, 152);
    expect(readPart10Head(whole)).toEqual({
      ok: false,
      error: `its file meta information is longer than ${PART10_HEAD_BYTES_MAX} bytes`,
    });
  });

  it('may be any bytes without a crash', () => {
    const mutated = fc.tuple(fc.array(fc.tuple(fc.nat({ max: 400 }), fc.nat({ max: 255 })), { maxLength: 12 }));
    fc.assert(
      fc.property(mutated, ([changes]) => {
        const bytes = file();
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        const read = readPart10Head(bytes);
        return !read.ok || read.value === undefined || read.value.dataSetAt <= bytes.length;
      }),
      { numRuns: 2_000 },
    );
  });

  it("is that of every file of pydicom's set that has one", () => {
    const folder = '/usr/lib/python3/dist-packages/pydicom/data/test_files';
    const files = readdirSync(folder).filter((name) => name.endsWith('.dcm'));
    const read = files.flatMap((name) => {
      const bytes = readFileSync(join(folder, name));
      return bytes.toString('latin1', 128, 132) === 'DICM' ? [[name, readPart10Head(bytes)] as const] : [];
    });
    const unread = read.filter(([, head]) => !head.ok || (head.value?.transferSyntaxUid ?? '') === '');
    expect({ read: read.length > 50, unread: unread.map(([name]) => name) }).toEqual({
      read: true,
      unread: ['meta_missing_tsyntax.dcm'],
    });
  });
});
