import { err, ok, type Result } from '@collimator/shared/result';
import { inverseDct } from './inverse-dct.ts';
import { BitReader, BrokenStream, type HuffmanTable, huffmanTable } from './jpeg-entropy.ts';
import { END_OF_IMAGE, jpegSegmentAt, START_OF_SCAN, word } from './jpeg-segments.ts';
import type { JpegStreamHeader } from './jpeg-stream-header.ts';

const HUFFMAN = 0xc4;
const QUANTIZATION = 0xdb;
const RESTART_INTERVAL = 0xdd;

/** Row by row, where each of the 64 coefficients of a block lies that follow each other in zigzag. */
const zigzag = [
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47,
  55, 62, 63,
];

type Tables = {
  readonly quantization: Map<number, Float64Array>;
  /** Class (0 first coefficient, 1 the others) × 16 + number. */
  readonly huffman: Map<number, HuffmanTable>;
  restartInterval: number;
};

/**
 * Decodes sequential JPEG of 12 bits (ITU-T T.81 process 4, Huffman), for which there is no kept library. Components that
 * are subsampled are refused. Broken and short streams are told, not filled.
 *
 * @param header checked: rows, columns, components and precision are the image's
 * @returns samples side by side, 0…4095
 */
export function decodeExtendedJpeg(stream: Uint8Array, header: JpegStreamHeader): Result<Uint16Array, string> {
  if (header.components.length > 1 && header.components.some(({ across, down }) => across !== 1 || down !== 1))
    return err('JPEG of 12 bits with subsampled components');
  const tables: Tables = { quantization: new Map(), huffman: new Map(), restartInterval: 0 };
  const out = new Uint16Array(header.rows * header.columns * header.components.length);
  const done = new Set<number>();
  try {
    for (let at = 2; done.size < header.components.length; ) {
      const segment = jpegSegmentAt(stream, at);
      if (segment === undefined || segment.marker === END_OF_IMAGE)
        return err('the JPEG stream ends before its last pixel');
      at = segment.end;
      if (segment.marker === HUFFMAN) readHuffman(segment.content, tables);
      if (segment.marker === QUANTIZATION) readQuantization(segment.content, tables);
      if (segment.marker === RESTART_INTERVAL) tables.restartInterval = word(segment.content, 0);
      if (segment.marker === START_OF_SCAN) at = decodeScan(stream, at, segment.content, header, tables, out, done);
    }
    return ok(out);
  } catch (error) {
    if (error instanceof BrokenStream) return err(`the JPEG stream cannot be decoded: ${error.message}`);
    throw error;
  }
}

function readHuffman(content: Uint8Array, { huffman }: Tables): void {
  for (let at = 0; at < content.length; ) {
    const lengths = content.subarray(at + 1, at + 17);
    const count = lengths.reduce((sum, length) => sum + length, 0);
    if (lengths.length < 16) throw new BrokenStream('a Huffman table that is cut short');
    huffman.set(content[at] as number, huffmanTable(lengths, content.subarray(at + 17, at + 17 + count)));
    at += 17 + count;
  }
}

function readQuantization(content: Uint8Array, { quantization }: Tables): void {
  for (let at = 0; at < content.length; ) {
    const wide = (content[at] as number) >> 4 !== 0;
    const size = wide ? 128 : 64;
    if (at + 1 + size > content.length) throw new BrokenStream('a quantization table that is cut short');
    const from = at + 1;
    const steps = Float64Array.from({ length: 64 }, (_, i) =>
      wide ? word(content, from + 2 * i) : (content[from + i] as number),
    );
    quantization.set((content[at] as number) & 15, steps);
    at += 1 + size;
  }
}

type ScanComponent = {
  readonly index: number;
  readonly steps: Float64Array;
  readonly first: HuffmanTable;
  readonly others: HuffmanTable;
  predicted: number;
};

/** Decodes one scan; gives where it ends. */
function decodeScan(
  stream: Uint8Array,
  at: number,
  content: Uint8Array,
  header: JpegStreamHeader,
  tables: Tables,
  out: Uint16Array,
  done: Set<number>,
): number {
  const components = scanComponents(content, header, tables, done);
  const reader = new BitReader(stream, at);
  const block = new Float64Array(64);
  const across = Math.ceil(header.columns / 8);
  const blocks = across * Math.ceil(header.rows / 8);
  const { restartInterval } = tables;
  for (let unit = 0; unit < blocks; unit++) {
    if (restartInterval > 0 && unit > 0 && unit % restartInterval === 0) {
      reader.restart(unit / restartInterval - 1);
      for (const component of components) component.predicted = 0;
    }
    for (const component of components) {
      decodeBlock(reader, component, block);
      placeBlock(block, component.index, unit % across, Math.floor(unit / across), header, out);
    }
  }
  return reader.position;
}

function scanComponents(
  content: Uint8Array,
  header: JpegStreamHeader,
  { quantization, huffman }: Tables,
  done: Set<number>,
): readonly ScanComponent[] {
  const count = content[0] ?? 0;
  if (content.length < 4 + 2 * count || count === 0) throw new BrokenStream('a scan without its header');
  return Array.from({ length: count }, (_, i) => {
    const [id, selected] = [content[1 + 2 * i], content[2 + 2 * i]] as [number, number];
    const index = header.components.findIndex((component) => component.id === id);
    const steps = quantization.get(header.components[index]?.quantization ?? -1);
    const first = huffman.get(selected >> 4);
    const others = huffman.get(16 + (selected & 15));
    if (done.has(index) || steps === undefined || first === undefined || others === undefined)
      throw new BrokenStream('a scan without its tables');
    done.add(index);
    return { index, steps, first, others, predicted: 0 };
  });
}

function decodeBlock(reader: BitReader, component: ScanComponent, block: Float64Array): void {
  block.fill(0);
  const size = reader.symbol(component.first);
  if (size > 15) throw new BrokenStream('a difference of more than 15 bits');
  if (size > 0) component.predicted += reader.signed(size);
  block[0] = component.predicted * (component.steps[0] as number);
  for (let i = 1; i < 64; i++) {
    const symbol = reader.symbol(component.others);
    const bits = symbol & 15;
    // Sixteen zeros, or nothing but zeros from here on.
    if (bits === 0 && symbol >> 4 !== 15) break;
    i += symbol >> 4;
    if (i > 63) throw new BrokenStream('more than 64 coefficients');
    if (bits > 0) block[zigzag[i] as number] = reader.signed(bits) * (component.steps[i] as number);
  }
  inverseDct(block);
}

function placeBlock(
  block: Float64Array,
  component: number,
  blockColumn: number,
  blockRow: number,
  { rows, columns, components }: JpegStreamHeader,
  out: Uint16Array,
): void {
  const height = Math.min(8, rows - 8 * blockRow);
  const width = Math.min(8, columns - 8 * blockColumn);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const value = Math.round(block[8 * y + x] as number) + 2048;
      const pixel = (8 * blockRow + y) * columns + 8 * blockColumn + x;
      out[pixel * components.length + component] = value < 0 ? 0 : value > 4095 ? 4095 : value;
    }
}
