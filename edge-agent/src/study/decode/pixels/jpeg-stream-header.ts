/** What a JPEG or JPEG-LS stream says of its image before any pixel (ITU-T T.81 §B.2.2, ISO 14495-1 §C.2.2). */
export type JpegStreamHeader = {
  /** Last byte of the start-of-frame marker: 0xc0 baseline, 0xc1 extended, 0xc2 progressive, 0xc3 lossless, 0xf7 JPEG-LS. */
  readonly process: number;
  readonly precision: number;
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
  readonly componentIds: readonly number[];
  /** Transform flag of an Adobe segment: 0 none, 1 YCbCr; undefined without one. */
  readonly adobeTransform: number | undefined;
  readonly jfif: boolean;
};

const MARKER = 0xff;
const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;
const JFIF = 0xe0;
const ADOBE = 0xee;
const framesOfJpeg = [0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf, 0xf7];

/** The header of a stream; undefined where there is no whole one before the first scan. */
export function jpegStreamHeader(stream: Uint8Array): JpegStreamHeader | undefined {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  let adobeTransform: number | undefined;
  let jfif = false;
  // Two bytes of start of image, then segments: marker, length (which counts itself), content.
  for (let at = 2; at + 4 <= stream.length; ) {
    const marker = stream[at + 1] as number;
    if (stream[at] !== MARKER || marker === START_OF_SCAN || marker === END_OF_IMAGE) return undefined;
    if (marker === MARKER) {
      at += 1;
      continue;
    }
    const length = view.getUint16(at + 2);
    const end = at + 2 + length;
    if (length < 2 || end > stream.length) return undefined;
    const text = Buffer.from(stream.subarray(at + 4, Math.min(end, at + 9))).toString('latin1');
    if (marker === JFIF && text === 'JFIF\0') jfif = true;
    if (marker === ADOBE && text === 'Adobe' && length >= 14) adobeTransform = stream[at + 15] as number;
    if (framesOfJpeg.includes(marker)) return frameHeader(view, at, length, { process: marker, adobeTransform, jfif });
    at = end;
  }
  return undefined;
}

function frameHeader(
  view: DataView,
  at: number,
  length: number,
  known: Pick<JpegStreamHeader, 'process' | 'adobeTransform' | 'jfif'>,
): JpegStreamHeader | undefined {
  if (length < 8) return undefined;
  const components = view.getUint8(at + 9);
  if (length < 8 + 3 * components) return undefined;
  return {
    ...known,
    precision: view.getUint8(at + 4),
    rows: view.getUint16(at + 5),
    columns: view.getUint16(at + 7),
    components,
    componentIds: Array.from({ length: components }, (_, i) => view.getUint8(at + 10 + 3 * i)),
  };
}
