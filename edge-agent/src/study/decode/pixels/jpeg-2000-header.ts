import type { StreamSize } from './frame-cells.ts';

const CODESTREAM_BOX = 0x6a703263;
const SIGNATURE_BOX = 0x6a502020;
/** Start of codestream, then the size marker, which has to follow (ISO 15444-1 §A.4, §A.5.1). */
const CODESTREAM_START = 0xff4fff51;

/**
 * The codestream of a frame. DICOM has nothing around it; some writers leave a JP2 file there, whose boxes do not count
 * (PS3.5 §8.2.4).
 */
export function codestreamOf(frame: Uint8Array): Uint8Array | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length >= 8 && view.getUint32(4) === SIGNATURE_BOX) return boxedCodestream(frame, view);
  return frame.length >= 4 && view.getUint32(0) === CODESTREAM_START ? frame : undefined;
}

function boxedCodestream(frame: Uint8Array, view: DataView): Uint8Array | undefined {
  for (let at = 0; at + 8 <= frame.length; ) {
    const short = view.getUint32(at);
    const long = short === 1 && at + 16 <= frame.length;
    const headBytes = long ? 16 : 8;
    const length = long ? Number(view.getBigUint64(at + 8)) : short === 0 ? frame.length - at : short;
    if (length < headBytes) return undefined;
    if (view.getUint32(at + 4) === CODESTREAM_BOX) return codestreamOf(frame.subarray(at + headBytes, at + length));
    at += length;
  }
  return undefined;
}

export type Jpeg2000Size = StreamSize & {
  readonly subsampled: boolean;
  /** Number of tiles. */
  readonly tiles: number;
};

/** What the SIZ segment says: size, tiles, components and the bits of the deepest (ISO 15444-1 §A.5.1). */
export function jpeg2000Size(stream: Uint8Array): Jpeg2000Size | undefined {
  if (stream.length < 42) return undefined;
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const components = view.getUint16(40);
  if (components === 0 || stream.length < 42 + 3 * components || view.getUint16(4) !== 38 + 3 * components)
    return undefined;
  let precision = 0;
  let subsampled = false;
  for (let i = 0; i < components; i++) {
    precision = Math.max(precision, (view.getUint8(42 + 3 * i) & 0x7f) + 1);
    if (view.getUint8(43 + 3 * i) !== 1 || view.getUint8(44 + 3 * i) !== 1) subsampled = true;
  }
  const along = (at: number): number =>
    Math.ceil((view.getUint32(at) - view.getUint32(at + 24)) / view.getUint32(at + 16));
  return {
    tiles: along(8) * along(12),
    rows: view.getUint32(12) - view.getUint32(20),
    columns: view.getUint32(8) - view.getUint32(16),
    components,
    precision,
    subsampled,
  };
}
