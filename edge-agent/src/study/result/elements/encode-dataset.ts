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

/**
 * Writes a data set as explicit VR little endian (PS3.5 §A.2): sorted by tag, every length defined, so that the same
 * elements are always the same bytes. Of two elements with one tag the later one counts.
 *
 * @throws RangeError for a value too long for its VR
 */
export function encodeDataSet(elements: readonly RawElement[]): Uint8Array {
  return Buffer.concat(pieces(elements));
}

function pieces(elements: readonly RawElement[]): Uint8Array[] {
  const byTag = new Map(elements.map((element) => [element.tag, element]));
  return [...byTag.values()].sort((a, b) => a.tag - b.tag).flatMap(piecesOf);
}

function piecesOf({ tag, vr, value }: RawElement): Uint8Array[] {
  const body = value instanceof Uint8Array ? padded(vr, value) : value.flatMap(itemPieces);
  const length = body.reduce((sum, piece) => sum + piece.length, 0);
  return [header(tag, vr, length), ...body];
}

function itemPieces(item: RawItem): Uint8Array[] {
  const body = pieces(item);
  const head = Buffer.alloc(8);
  writeTag(head, ITEM);
  head.writeUInt32LE(
    body.reduce((sum, piece) => sum + piece.length, 0),
    4,
  );
  return [head, ...body];
}

function header(tag: number, vr: string, length: number): Uint8Array {
  const long = longVrs.has(vr);
  if (!long && length > SHORT_LENGTH_MAX)
    throw new RangeError(`element ${tag.toString(16)} of VR ${vr} has ${length} bytes`);
  const head = Buffer.alloc(long ? 12 : 8);
  writeTag(head, tag);
  head.write(vr, 4, 'latin1');
  if (long) head.writeUInt32LE(length, 8);
  else head.writeUInt16LE(length, 6);
  return head;
}

/** Values have an even length: binary ones and UIDs end in a NUL, text in a space (PS3.5 §6.2). */
function padded(vr: string, value: Uint8Array): Uint8Array[] {
  if (value.length % 2 === 0) return [value];
  return [value, Uint8Array.of(vr === 'UI' || vr === 'OB' || vr === 'UN' ? 0x00 : 0x20)];
}

function writeTag(head: Buffer, tag: number): void {
  head.writeUInt16LE(tag >>> 16, 0);
  head.writeUInt16LE(tag & 0xffff, 2);
}
