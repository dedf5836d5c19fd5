import { err, ok, type Result } from '../result.ts';

/** An item or sub-item of an association PDU: a type, a reserved byte, a length of two bytes, the value (PS3.8 §9.3.2). */
export type Item = { readonly type: number; readonly body: Buffer };

/** Cuts bytes into items; the bodies are views. */
export function items(bytes: Buffer): Result<Item[], string> {
  const found: Item[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < 4) return err('an item header is cut off');
    const end = at + 4 + bytes.readUInt16BE(at + 2);
    if (end > bytes.length) return err(`item 0x${bytes.readUInt8(at).toString(16)} is longer than what holds it`);
    found.push({ type: bytes.readUInt8(at), body: bytes.subarray(at + 4, end) });
    at = end;
  }
  return ok(found);
}

/** @throws RangeError for a body of more than 65,535 bytes */
export function item(type: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(4);
  head[0] = type;
  head.writeUInt16BE(body.length, 2);
  return Buffer.concat([head, body]);
}

export const textItem = (type: number, value: string): Buffer => item(type, Buffer.from(value, 'latin1'));

/** AE titles and UIDs: leading and trailing spaces and padding NULs carry no meaning (PS3.8 §9.3.2, §F). */
export const trimmed = (bytes: Buffer): string => bytes.toString('latin1').replaceAll('\0', ' ').trim();
