import { segmentsBeforeScan, START_OF_SCAN, word } from './jpeg-segments.ts';

/** What a JPEG or JPEG-LS stream says of its image before any pixel (ITU-T T.81 §B.2, ISO 14495-1 §C.2.2). */
export type JpegStreamHeader = {
  /** Second byte of the start-of-frame marker; see `jpegProcess`. */
  readonly process: number;
  readonly precision: number;
  readonly rows: number;
  readonly columns: number;
  readonly components: readonly JpegComponent[];
  /** Transform flag of an Adobe segment: 0 none, 1 YCbCr; undefined without one, or with one that is neither. */
  readonly adobeTransform: 0 | 1 | undefined;
  readonly jfif: boolean;
  /** Units between two restart markers; 0 where there are none. */
  readonly restartInterval: number;
  readonly scan: JpegScanHeader;
};

export type JpegComponent = {
  readonly id: number;
  /** Samples across and down of one unit; 1×1 where nothing is subsampled. */
  readonly across: number;
  readonly down: number;
  readonly quantization: number;
};

/** The first scan; of a lossless one `selection` is the predictor and `pointTransform` the bits that are left out. */
export type JpegScanHeader = {
  readonly components: number;
  readonly selection: number;
  readonly pointTransform: number;
};

export const jpegProcess = { baseline: 0xc0, extended: 0xc1, progressive: 0xc2, lossless: 0xc3, jpegLs: 0xf7 } as const;

const framesOfJpeg = [0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf, 0xf7];
const JFIF = 0xe0;
const ADOBE = 0xee;
const RESTART_INTERVAL = 0xdd;

/** The header of a stream; undefined where there is no whole one up to the first scan. */
export function jpegStreamHeader(stream: Uint8Array): JpegStreamHeader | undefined {
  let frame: Pick<JpegStreamHeader, 'process' | 'precision' | 'rows' | 'columns' | 'components'> | undefined;
  let adobeTransform: 0 | 1 | undefined;
  let jfif = false;
  let restartInterval = 0;
  for (const { marker, content } of segmentsBeforeScan(stream)) {
    if (marker === JFIF && startsWith(content, 'JFIF\0')) jfif = true;
    if (marker === ADOBE && startsWith(content, 'Adobe')) {
      const flag = content[11];
      adobeTransform = flag === 0 || flag === 1 ? flag : undefined;
    }
    if (marker === RESTART_INTERVAL && content.length === 2) restartInterval = word(content, 0);
    if (framesOfJpeg.includes(marker)) {
      if (frame !== undefined) return undefined;
      frame = frameOf(marker, content);
    }
    if (marker !== START_OF_SCAN) continue;
    const scan = scanOf(content);
    return frame === undefined || scan === undefined
      ? undefined
      : { ...frame, adobeTransform, jfif, restartInterval, scan };
  }
  return undefined;
}

/**
 * Whether the colours of a stream are Y Cb Cr and no RGB: as the stream says where it does, else as the image does. RGB
 * is never subsampled, so what calls itself that and is, is none.
 */
export function isYcc({ adobeTransform, jfif, components }: JpegStreamHeader, photometric: string): boolean {
  if (adobeTransform !== undefined) return adobeTransform === 1;
  if (jfif || photometric !== 'RGB') return true;
  const [first] = components;
  return components.some(({ across, down }) => across !== first?.across || down !== first.down);
}

function frameOf(process: number, content: Uint8Array) {
  const count = content[5] ?? 0;
  if (content.length < 6 + 3 * count) return undefined;
  const components = Array.from({ length: count }, (_, i): JpegComponent => {
    const [id, sampling, quantization] = content.subarray(6 + 3 * i) as unknown as [number, number, number];
    return { id, across: sampling >> 4, down: sampling & 15, quantization };
  });
  return { process, precision: content[0] as number, rows: word(content, 1), columns: word(content, 3), components };
}

function scanOf(content: Uint8Array): JpegScanHeader | undefined {
  const components = content[0] ?? 0;
  const after = 1 + 2 * components;
  if (content.length < after + 3) return undefined;
  return { components, selection: content[after] as number, pointTransform: (content[after + 2] as number) & 15 };
}

const startsWith = (content: Uint8Array, text: string): boolean =>
  Buffer.from(content.subarray(0, text.length)).toString('latin1') === text;
