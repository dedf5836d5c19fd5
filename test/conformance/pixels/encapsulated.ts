import type { RawElement } from '@collimator/edge-agent/study/decode/raw-element';
import { bytes, is, text, uid, us } from '@collimator/edge-agent/study/result/elements/element';
import { encodeDataSet } from '@collimator/edge-agent/study/result/elements/encode-dataset';
import { part10Bytes } from '@collimator/edge-agent/study/result/elements/part10-file';

/** The image pixel module of a made image. */
export type MadeFormat = {
  readonly rows: number;
  readonly columns: number;
  readonly samples?: number;
  readonly photometric?: string;
  readonly allocated: number;
  readonly stored?: number;
  readonly high?: number;
  readonly signed?: number;
  readonly planar?: number;
  readonly frames?: number;
};

const identity = { sopClassUid: '1.2.840.10008.5.1.4.1.1.7', sopInstanceUid: '2.25.7' };

export function pixelModule(format: MadeFormat): readonly RawElement[] {
  const { samples = 1, photometric = 'MONOCHROME2', allocated, planar = 0, frames = 1, signed = 0 } = format;
  const stored = format.stored ?? allocated;
  return [
    // GDCM derives what it compresses with loss from a named image.
    uid(0x00080016, identity.sopClassUid),
    uid(0x00080018, identity.sopInstanceUid),
    uid(0x0020000d, '2.25.8'),
    uid(0x0020000e, '2.25.9'),
    us(0x00280002, samples),
    text(0x00280004, 'CS', photometric),
    us(0x00280006, planar),
    is(0x00280008, frames),
    us(0x00280010, format.rows),
    us(0x00280011, format.columns),
    us(0x00280100, allocated),
    us(0x00280101, stored),
    us(0x00280102, format.high ?? stored - 1),
    us(0x00280103, signed),
  ];
}

/** A native image in explicit little endian. */
export const nativeImage = (format: MadeFormat, pixels: Uint8Array, more: readonly RawElement[] = []): Uint8Array =>
  part10Bytes(
    identity,
    encodeDataSet([...pixelModule(format), bytes(0x7fe00010, 'OW', pixels), ...more]),
    '1.2.840.10008.1.2.1',
  );

/** Fragments of an encapsulated image, and the offset table before them, whatever it says. */
export type Encapsulation = {
  readonly fragments: readonly Uint8Array[];
  readonly basicOffsets?: readonly number[];
  readonly extendedOffsets?: readonly number[];
};

/** An encapsulated image (PS3.5 §A.4). */
export function encapsulatedImage(
  syntaxUid: string,
  format: MadeFormat,
  { fragments, basicOffsets = [], extendedOffsets = [] }: Encapsulation,
): Uint8Array {
  const table = Buffer.alloc(4 * basicOffsets.length);
  basicOffsets.forEach((offset, i) => table.writeUInt32LE(offset, 4 * i));
  const extended = Buffer.alloc(8 * extendedOffsets.length);
  extendedOffsets.forEach((offset, i) => extended.writeBigUInt64LE(BigInt(offset), 8 * i));
  const tables = extended.length > 0 ? [bytes(0x7fe00001, 'OV', extended)] : [];
  const dataSet = Buffer.concat([
    encodeDataSet([...pixelModule(format), ...tables]),
    Buffer.from('e07f10004f420000ffffffff', 'hex'),
    item(table),
    ...fragments.map(item),
    Buffer.from('feffdde000000000', 'hex'),
  ]);
  return part10Bytes(identity, dataSet, syntaxUid);
}

function item(content: Uint8Array): Buffer {
  const head = Buffer.from('feff00e000000000', 'hex');
  head.writeUInt32LE(content.length + (content.length % 2), 4);
  return Buffer.concat([head, content, Buffer.alloc(content.length % 2)]);
}
