import { EXPLICIT_LITTLE_ENDIAN } from '@collimator/shared/dicom/transfer-syntaxes';
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '@collimator/shared/dicom/uids';
import type { RawElement } from '../decode/raw-element.ts';
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
