import type { RawElement, RawItem } from '../../decode/raw-element.ts';

/** VRs with two reserved bytes and a 32-bit length (PS3.5 §7.1.2). */
const longVrs: ReadonlySet<string> = new Set([
  'OB',
  'OD',
  'OF',
  'OL',
  'OV',
  'OW',
  'SQ',
  'SV',
  'UC',
  'UN',
  'UR',
  'UT',
  'UV',
]);
const SHORT_LENGTH_MAX = 0xfffe;
const ITEM = 0xfffee000;

/** A data set whose lengths are known, in the order it is written. */
type SizedSet = { readonly elements: readonly SizedElement[]; readonly bytes: number };
type SizedElement = {
  readonly tag: number;
  readonly vr: string;
  readonly value: Uint8Array | readonly SizedSet[];
  /** Of the value, with what makes it even. */
  readonly length: number;
  readonly headBytes: 8 | 12;
};
const ITEM_HEAD_BYTES = 8;

/**
 * Writes a data set as explicit VR little endian (PS3.5 §A.2): sorted by tag, every length defined, so that the same
 * elements are always the same bytes. Of two elements with one tag the later one counts.
 *
 * @throws RangeError for a value too long for its VR
 */
export function encodeDataSet(elements: readonly RawElement[]): Uint8Array {
  const set = sized(elements);
  // Filled with zeros: what pads a value with a NUL is there already.
  const out = Buffer.alloc(set.bytes);
  writeSet(out, 0, set);
  return out;
}

function sized(item: RawItem): SizedSet {
  const elements = inOrder(item).map(sizedElement);
  return { elements, bytes: elements.reduce((sum, { headBytes, length }) => sum + headBytes + length, 0) };
}

function inOrder(elements: readonly RawElement[]): readonly RawElement[] {
  // Most come in their order, and a report has tens of thousands.
  if (elements.every(({ tag }, i) => i === 0 || tag > (elements[i - 1] as RawElement).tag)) return elements;
  const byTag = new Map(elements.map((element) => [element.tag, element]));
  return [...byTag.values()].sort((a, b) => a.tag - b.tag);
}

function sizedElement({ tag, vr, value: raw }: RawElement): SizedElement {
  const value = raw instanceof Uint8Array ? raw : raw.map(sized);
  const length =
    value instanceof Uint8Array
      ? value.length + (value.length % 2)
      : value.reduce((sum, { bytes }) => sum + ITEM_HEAD_BYTES + bytes, 0);
  const long = longVrs.has(vr);
  if (!long && length > SHORT_LENGTH_MAX)
    throw new RangeError(`element ${tag.toString(16)} of VR ${vr} has ${length} bytes`);
  return { tag, vr, value, length, headBytes: long ? 12 : 8 };
}

/** @returns where it ends */
function writeSet(out: Buffer, from: number, { elements }: SizedSet): number {
  let at = from;
  for (const element of elements) at = writeElement(out, at, element);
  return at;
}

function writeElement(out: Buffer, at: number, { tag, vr, value, length, headBytes }: SizedElement): number {
  writeTag(out, at, tag);
  out[at + 4] = vr.charCodeAt(0);
  out[at + 5] = vr.charCodeAt(1);
  if (headBytes === 12) out.writeUInt32LE(length, at + 8);
  else out.writeUInt16LE(length, at + 6);
  let next = at + headBytes;
  if (value instanceof Uint8Array) {
    out.set(value, next);
    if (value.length % 2 === 1) out[next + value.length] = paddingOf(vr);
    return next + length;
  }
  for (const item of value) {
    writeTag(out, next, ITEM);
    out.writeUInt32LE(item.bytes, next + 4);
    next = writeSet(out, next + ITEM_HEAD_BYTES, item);
  }
  return next;
}

/** Values have an even length: binary ones and UIDs end in a NUL, text in a space (PS3.5 §6.2). */
const paddingOf = (vr: string): number => (vr === 'UI' || vr === 'OB' || vr === 'UN' ? 0x00 : 0x20);

function writeTag(out: Buffer, at: number, tag: number): void {
  out.writeUInt16LE(tag >>> 16, at);
  out.writeUInt16LE(tag & 0xffff, at + 2);
}
