import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '@collimator/shared/dicom/uids';

export type FileMeta = {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  /** Who sent it (0002,0016). */
  readonly sourceAeTitle: string;
};

/** Preamble and file meta information (PS3.10 §7.1): what stands in a file before the data set. */
export function encodeFileMeta(meta: FileMeta): Buffer {
  const version = Buffer.concat([Buffer.from([0x02, 0, 0x01, 0]), Buffer.from('OB\0\0\x02\0\0\0\0\x01', 'latin1')]);
  const group = Buffer.concat([
    version,
    element(0x0002, 'UI', meta.sopClassUid),
    element(0x0003, 'UI', meta.sopInstanceUid),
    element(0x0010, 'UI', meta.transferSyntaxUid),
    element(0x0012, 'UI', IMPLEMENTATION_CLASS_UID),
    element(0x0013, 'SH', IMPLEMENTATION_VERSION_NAME),
    ...(meta.sourceAeTitle === '' ? [] : [element(0x0016, 'AE', meta.sourceAeTitle)]),
  ]);
  const length = Buffer.alloc(12);
  length.writeUInt32LE(0x0000_0002);
  length.write('UL', 4, 'latin1');
  length.writeUInt16LE(4, 6);
  length.writeUInt32LE(group.length, 8);
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), length, group]);
}

/** Bytes to read from the start of a file to know where its data set begins. */
export const META_LENGTH_BYTES = 144;

/** Where the data set begins in a file that `encodeFileMeta` began, bytes; undefined when it is no such file. */
export function dataSetOffset(head: Buffer): number | undefined {
  if (head.length < META_LENGTH_BYTES || head.toString('latin1', 128, 132) !== 'DICM') return undefined;
  if (head.readUInt32LE(132) !== 0x0000_0002) return undefined;
  return META_LENGTH_BYTES + head.readUInt32LE(140);
}

function element(number: number, vr: 'UI' | 'SH' | 'AE', value: string): Buffer {
  const text = Buffer.from(value.length % 2 === 0 ? value : value + (vr === 'UI' ? '\0' : ' '), 'latin1');
  const head = Buffer.alloc(8);
  head.writeUInt16LE(0x0002, 0);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4, 'latin1');
  head.writeUInt16LE(text.length, 6);
  return Buffer.concat([head, text]);
}

/**
 * What `encodeFileMeta` wrote, from the whole head of a file; undefined when it is no such file.
 *
 * @param head the file as far as its data set
 */
export function decodeFileMeta(head: Buffer): FileMeta | undefined {
  if (dataSetOffset(head) !== head.length) return undefined;
  const values = new Map<number, string>();
  for (let at = META_LENGTH_BYTES; at + 12 <= head.length; ) {
    const isLong = head.toString('latin1', at + 4, at + 6) === 'OB';
    const start = at + (isLong ? 12 : 8);
    const end = start + (isLong ? head.readUInt32LE(at + 8) : head.readUInt16LE(at + 6));
    if (end > head.length) return undefined;
    values.set(head.readUInt16LE(at + 2), head.toString('latin1', start, end).replace(/[\0 ]+$/, ''));
    at = end;
  }
  return {
    sopClassUid: values.get(0x0002) ?? '',
    sopInstanceUid: values.get(0x0003) ?? '',
    transferSyntaxUid: values.get(0x0010) ?? '',
    sourceAeTitle: values.get(0x0016) ?? '',
  };
}
