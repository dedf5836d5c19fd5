import type { TransferSyntax } from '@collimator/shared/dicom/transfer-syntaxes';
import { err, ok, type Result } from '@collimator/shared/result';
import type { Element } from 'dicom-parser';
import type { ImageBounds } from '../image-bounds.ts';
import type { Part10 } from '../part10.ts';
import type { PixelFormat } from '../pixel-format.ts';
import type { ByteSource } from './byte-source.ts';
import { fragmentStarts, type Fragments, walkFragments } from './fragments.ts';
import { framesByStarts, framesByTable } from './frame-fragments.ts';

/** Reads the bytes of one frame as they lie in the file; `error` says what is missing. */
export type FrameReader = (index: number) => Promise<Result<Uint8Array, string>>;

/** Bits of one frame of native pixels: frames of single bits follow each other without padding (PS3.5 §8.1.1). */
export function nativeFrameBits({ rows, columns, samplesPerPixel, bitsAllocated, photometric }: PixelFormat): number {
  const samples = photometric.endsWith('_422') ? 2 : samplesPerPixel;
  return rows * columns * samples * bitsAllocated;
}

/** Native frames, by their place in the value; single bits come with the first one in the lowest bit of a byte. */
export function nativeFrames(
  source: ByteSource,
  element: Element,
  format: PixelFormat,
  syntax: TransferSyntax,
): Result<FrameReader, string> {
  if (element.hadUndefinedLength === true) return err(`fragments of compressed pixels in ${syntax.name}`);
  const bits = nativeFrameBits(format);
  const word = syntax.byteOrder === 'big' ? wordBytes(element.vr) : 1;
  return ok(async (index) => {
    const firstBit = index * bits;
    const from = align(Math.floor(firstBit / 8), word);
    const to = align(Math.ceil((firstBit + bits) / 8) + word - 1, word);
    const bytes = await source.read(element.dataOffset + from, Math.min(to, element.length) - from);
    const needed = Math.ceil((firstBit + bits) / 8) - from;
    if (bytes.length < needed)
      return err(`frame ${index + 1} has ${bytes.length} bytes of pixels where ${needed} are needed`);
    swapWords(bytes, word);
    return ok(shifted(bytes.subarray(Math.floor(firstBit / 8) - from), firstBit % 8, bits));
  });
}

/** What is swapped as one in big endian goes by the value representation, not by the pixels (PS3.5 §7.3). */
function wordBytes(vr: string | undefined): number {
  if (vr === 'OB') return 1;
  if (vr === 'OL' || vr === 'OF') return 4;
  return vr === 'OD' || vr === 'OV' ? 8 : 2;
}

const align = (at: number, to: number): number => at - (at % to);

function swapWords(bytes: Uint8Array, word: number): void {
  if (word === 1) return;
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, align(bytes.length, word));
  if (word === 2) whole.swap16();
  else if (word === 4) whole.swap32();
  else whole.swap64();
}

/** Moves a run of bits that begins inside a byte to the beginning of one. */
function shifted(bytes: Uint8Array, by: number, bits: number): Uint8Array {
  if (by === 0) return bytes;
  return Uint8Array.from({ length: Math.ceil(bits / 8) }, (_, i) => {
    return (((bytes[i] as number) >> by) | ((bytes[i + 1] ?? 0) << (8 - by))) & 0xff;
  });
}

/** Compressed frames, from the fragments that make them. */
export async function encapsulatedFrames(
  source: ByteSource,
  element: Element,
  part10: Part10,
  frames: number,
  bounds: ImageBounds,
): Promise<Result<FrameReader, string>> {
  if (element.hadUndefinedLength !== true) return err('no fragments of compressed pixels');
  const walked = await walkFragments(source, element.dataOffset, bounds.fragmentsMax);
  if (!walked.ok) return walked;
  const fragments = walked.value;
  const byTable = framesByTable(fragments, frames, extendedOffsets(part10));
  if (!byTable.ok) return byTable;
  const found = byTable.value ?? framesByStarts(await fragmentStarts(source, fragments), frames);
  if ('ok' in found && !found.ok) return found;
  const first = 'ok' in found ? found.value : found;
  return ok((index) =>
    gather(source, fragments, first[index] as number, first[index + 1] ?? fragments.dataAt.length, bounds),
  );
}

async function gather(
  source: ByteSource,
  { dataAt, lengths }: Fragments,
  from: number,
  to: number,
  { frameBytesMax }: ImageBounds,
): Promise<Result<Uint8Array, string>> {
  const total = lengths.slice(from, to).reduce((sum, length) => sum + length, 0);
  if (total > frameBytesMax)
    return err(`a compressed frame of ${total} bytes, at most ${frameBytesMax} (frameBytesMax)`);
  const parts: Uint8Array[] = [];
  for (let i = from; i < to; i++) {
    const part = await source.read(dataAt[i] as number, lengths[i] as number);
    if (part.length < (lengths[i] as number)) return err(`the file ends in fragment ${i + 1}`);
    parts.push(part);
  }
  return ok(parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts));
}

/** The Extended Offset Table (PS3.3 §C.7.6.3.1.8): 64 bits a frame. */
function extendedOffsets({ bytes, dataSet }: Part10): readonly number[] {
  const element = dataSet.elements['x7fe00001'];
  if (element === undefined) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset + element.dataOffset, element.length);
  return Array.from({ length: Math.floor(element.length / 8) }, (_, i) => Number(view.getBigUint64(8 * i, true)));
}
