import { EXPLICIT_LITTLE_ENDIAN } from '@collimator/shared/dicom/transfer-syntaxes';
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '@collimator/shared/dicom/uids';
import type { RawElement } from '../../decode/raw-element.ts';
import { bytes, text, uid, ul } from './element.ts';
import { encodeDataSet } from './encode-dataset.ts';

export type ObjectIdentity = { readonly sopClassUid: string; readonly sopInstanceUid: string };

/** Who wrote the file, as its meta information says. */
export type Writer = { readonly classUid: string; readonly versionName: string };

const collimator: Writer = { classUid: IMPLEMENTATION_CLASS_UID, versionName: IMPLEMENTATION_VERSION_NAME };

/** A Part 10 file in explicit VR little endian (PS3.10 §7.1). */
export function part10File(
  { sopClassUid, sopInstanceUid }: ObjectIdentity,
  elements: readonly RawElement[],
  writer = collimator,
): Uint8Array {
  return part10Bytes({ sopClassUid, sopInstanceUid }, encodeDataSet(elements), EXPLICIT_LITTLE_ENDIAN, writer);
}

/** Longest value whose length can be written (PS3.5 §7.1.2; all ones would mean an undefined one). */
const VALUE_BYTES_MAX = 0xfffffffe;

/**
 * A Part 10 file in explicit VR little endian whose last element comes in pieces, so that it need not be in memory.
 *
 * @param last tag (beyond those of `elements`), VR with a 32-bit length, and the bytes that the pieces have together
 * @throws RangeError for a value too long to be written, or, while it is read, for pieces that are not as long as said
 */
export function part10Pieces(
  identity: ObjectIdentity,
  elements: readonly RawElement[],
  last: { readonly tag: number; readonly vr: 'OB' | 'OF'; readonly length: number },
  pieces: Iterable<Uint8Array>,
): Iterable<Uint8Array> {
  const padding = last.length % 2;
  if (last.length + padding > VALUE_BYTES_MAX)
    throw new RangeError(`${last.length} bytes are too many for one element`);
  const head = Buffer.from(encodeDataSet([bytes(last.tag, last.vr, new Uint8Array(0))]));
  head.writeUInt32LE(last.length + padding, 8);
  const before = part10File(identity, elements);
  return (function* () {
    yield before;
    yield head;
    let written = 0;
    for (const piece of pieces) {
      written += piece.length;
      yield piece;
    }
    if (written !== last.length) throw new RangeError(`${written} bytes instead of ${last.length}`);
    if (padding > 0) yield new Uint8Array(padding);
  })();
}

/** A Part 10 file around a data set that is written already. */
export function part10Bytes(
  { sopClassUid, sopInstanceUid }: ObjectIdentity,
  dataSet: Uint8Array,
  transferSyntaxUid: string,
  writer = collimator,
): Uint8Array {
  const meta = encodeDataSet([
    bytes(0x00020001, 'OB', Uint8Array.of(0, 1)),
    uid(0x00020002, sopClassUid),
    uid(0x00020003, sopInstanceUid),
    uid(0x00020010, transferSyntaxUid),
    uid(0x00020012, writer.classUid),
    text(0x00020013, 'SH', writer.versionName),
  ]);
  const preamble = Buffer.alloc(132);
  preamble.write('DICM', 128, 'latin1');
  return Buffer.concat([preamble, encodeDataSet([ul(0x00020000, meta.length)]), meta, dataSet]);
}
