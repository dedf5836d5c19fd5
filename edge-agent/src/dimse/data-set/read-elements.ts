import { err, ok, type Result } from '../result.ts';
import { type Encoding, longVrs } from './encoding.ts';

/** One element: group and number in one number, and its value; that of a sequence is its items, encoded. */
export type Element = { readonly tag: number; readonly value: Buffer; readonly encoding: Encoding };

/** Most elements or items read at one level: a report on 65,536 objects is none. */
export const ELEMENTS_MAX = 65_536;
/** Deepest nesting read past: what is nested deeper was made to be. */
export const DEPTH_MAX = 16;

const ITEM = 0xfffe_e000;
const ITEM_END = 0xfffe_e00d;
const SEQUENCE_END = 0xfffe_e0dd;
const UNDEFINED_LENGTH = 0xffff_ffff;

type Header = { readonly tag: number; readonly bytes: number; readonly length: number; readonly encoding: Encoding };

/**
 * Reads the elements of one level (PS3.5 §7); values are views. What is nested stays as bytes for `readItems`, so
 * the depth is the caller's, and an undefined length is resolved without recursion into what nobody asks for.
 */
export function readElements(bytes: Buffer, encoding: Encoding): Result<Element[], string> {
  const found: Element[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (found.length >= ELEMENTS_MAX) return err(`more than ${ELEMENTS_MAX} elements`);
    const header = readHeader(bytes, at, encoding);
    if (!header.ok) return header;
    const { tag, length, bytes: headBytes } = header.value;
    const start = at + headBytes;
    if (length === UNDEFINED_LENGTH) {
      const end = endOfUndefined(bytes, start, header.value.encoding, SEQUENCE_END);
      if (!end.ok) return end;
      found.push({ tag, value: bytes.subarray(start, end.value), encoding: header.value.encoding });
      at = end.value + 8;
    } else {
      found.push({ tag, value: bytes.subarray(start, start + length), encoding: header.value.encoding });
      at = start + length;
    }
  }
  return ok(found);
}

/** Reads the items of a sequence (PS3.5 §7.5), each as its elements. */
export function readItems(sequence: Element): Result<Element[][], string> {
  const { value: bytes, encoding } = sequence;
  const found: Element[][] = [];
  let at = 0;
  while (at < bytes.length) {
    if (found.length >= ELEMENTS_MAX) return err(`more than ${ELEMENTS_MAX} items`);
    if (bytes.length - at < 8) return err('an item is cut off');
    const tag = tagAt(bytes, at);
    const length = bytes.readUInt32LE(at + 4);
    if (tag !== ITEM) return err(`element ${tagText(tag)} where an item was due`);
    const start = at + 8;
    const undefinedLength = length === UNDEFINED_LENGTH;
    const end = undefinedLength ? endOfUndefined(bytes, start, encoding, ITEM_END) : ok(start + length);
    if (!end.ok) return end;
    if (end.value > bytes.length) return err('an item is longer than its sequence');
    const elements = readElements(bytes.subarray(start, end.value), encoding);
    if (!elements.ok) return elements;
    found.push(elements.value);
    at = end.value + (undefinedLength ? 8 : 0);
  }
  return ok(found);
}

function readHeader(bytes: Buffer, at: number, encoding: Encoding): Result<Header, string> {
  if (bytes.length - at < 8) return err('an element is cut off');
  const tag = tagAt(bytes, at);
  if (tag >>> 16 === 0xfffe) return err(`element ${tagText(tag)} outside a sequence`);
  const header = encoding === 'implicit' ? implicitHeader(bytes, at, tag) : explicitHeader(bytes, at, tag);
  if (!header.ok) return header;
  const { length, bytes: headBytes } = header.value;
  if (length !== UNDEFINED_LENGTH && length > bytes.length - at - headBytes)
    return err(`element ${tagText(tag)} is longer than what holds it`);
  return header;
}

const implicitHeader = (bytes: Buffer, at: number, tag: number): Result<Header, string> =>
  ok({ tag, bytes: 8, length: bytes.readUInt32LE(at + 4), encoding: 'implicit' });

function explicitHeader(bytes: Buffer, at: number, tag: number): Result<Header, string> {
  const vr = bytes.toString('latin1', at + 4, at + 6);
  if (!/^[A-Z]{2}$/.test(vr)) return err(`element ${tagText(tag)} has no VR`);
  if (!longVrs.has(vr)) return ok({ tag, bytes: 8, length: bytes.readUInt16LE(at + 6), encoding: 'explicit' });
  if (bytes.length - at < 12) return err('an element is cut off');
  const length = bytes.readUInt32LE(at + 8);
  // A sequence that is written as UN is implicit, whatever is around it (PS3.5 §6.2.2).
  const encoding = vr === 'UN' ? 'implicit' : 'explicit';
  return ok({ tag, bytes: 12, length, encoding });
}

/** Where the delimiter stands that ends content of undefined length. Levels are counted, not recursed into. */
function endOfUndefined(bytes: Buffer, from: number, encoding: Encoding, closer: number): Result<number, string> {
  const open: { readonly closer: number; readonly encoding: Encoding }[] = [{ closer, encoding }];
  let at = from;
  while (at < bytes.length) {
    const level = open.at(-1);
    if (level === undefined) break;
    if (bytes.length - at < 8) return err('content of undefined length is cut off');
    const tag = tagAt(bytes, at);
    if (tag === level.closer) {
      if (open.length === 1) return ok(at);
      open.pop();
      at += 8;
      continue;
    }
    const next =
      level.closer === SEQUENCE_END
        ? itemHeader(bytes, at, tag, level.encoding)
        : readHeader(bytes, at, level.encoding);
    if (!next.ok) return next;
    at += next.value.bytes;
    if (next.value.length !== UNDEFINED_LENGTH) {
      at += next.value.length;
      continue;
    }
    if (open.length >= DEPTH_MAX) return err(`sequences nested more than ${DEPTH_MAX} deep`);
    open.push({ closer: level.closer === SEQUENCE_END ? ITEM_END : SEQUENCE_END, encoding: next.value.encoding });
  }
  return err('content of undefined length has no end');
}

function itemHeader(bytes: Buffer, at: number, tag: number, encoding: Encoding): Result<Header, string> {
  if (tag !== ITEM) return err(`element ${tagText(tag)} where an item was due`);
  const length = bytes.readUInt32LE(at + 4);
  if (length !== UNDEFINED_LENGTH && length > bytes.length - at - 8) return err('an item is longer than its sequence');
  return ok({ tag, bytes: 8, length, encoding });
}

const tagAt = (bytes: Buffer, at: number): number => bytes.readUInt16LE(at) * 0x1_0000 + bytes.readUInt16LE(at + 2);

const tagText = (tag: number): string => {
  const hex = tag.toString(16).padStart(8, '0');
  return `(${hex.slice(0, 4)},${hex.slice(4)})`;
};
