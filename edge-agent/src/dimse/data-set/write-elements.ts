import { type Encoding, longVrs } from './encoding.ts';

/** One element of a short or a long VR, padded to an even length (PS3.5 §7.1). */
export function writeElement(tag: number, vr: string, value: Buffer | string, encoding: Encoding): Buffer {
  const plain = typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
  const padding = vr === 'UI' || vr === 'OB' ? '\0' : ' ';
  const body = plain.length % 2 === 0 ? plain : Buffer.concat([plain, Buffer.from(padding)]);
  const long = encoding === 'explicit' && longVrs.has(vr);
  const head = Buffer.alloc(long ? 12 : 8);
  head.writeUInt16LE(tag >>> 16, 0);
  head.writeUInt16LE(tag & 0xffff, 2);
  if (encoding === 'explicit') head.write(vr, 4, 'latin1');
  if (encoding === 'implicit') head.writeUInt32LE(body.length, 4);
  else if (long) head.writeUInt32LE(body.length, 8);
  else head.writeUInt16LE(body.length, 6);
  return Buffer.concat([head, body]);
}

/** A sequence of items, each given as its encoded elements; every length is defined. */
export function writeSequence(tag: number, items: readonly Buffer[], encoding: Encoding): Buffer {
  const parts = items.flatMap((item) => {
    const head = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
    head.writeUInt32LE(item.length, 4);
    return [head, item];
  });
  return writeElement(tag, 'SQ', Buffer.concat(parts), encoding);
}
