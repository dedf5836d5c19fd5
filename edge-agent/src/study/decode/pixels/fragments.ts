import { err, ok, type Result } from '@collimator/shared/result';
import type { ByteSource } from './byte-source.ts';

/** The pieces of encapsulated pixel data (PS3.5 §A.4): where each one's bytes begin in the file, and how many. */
export type Fragments = {
  readonly dataAt: readonly number[];
  readonly lengths: readonly number[];
  /** Where offsets of tables count from: the first item after the Basic Offset Table. */
  readonly base: number;
  /** Entries of the Basic Offset Table; none when it is empty. */
  readonly basicOffsets: readonly number[];
};

const ITEM = 0xe000fffe;
const SEQUENCE_END = 0xe0ddfffe;
const ITEM_HEAD_BYTES = 8;
/** A Basic Offset Table holds 4 bytes a frame. */
const tableBytesMax = 64_000_000;

/**
 * Walks the items of encapsulated pixel data by their heads; reads none of the pixels. A missing end is let pass where
 * the file ends with an item: whether the last stream is whole, its decoder tells.
 *
 * @param at where the value of the pixel data begins
 */
export async function walkFragments(
  source: ByteSource,
  at: number,
  fragmentsMax: number,
): Promise<Result<Fragments, string>> {
  const table = await itemAt(source, at);
  if (table?.tag !== ITEM) return err('the pixel data does not begin with an offset table');
  const base = at + ITEM_HEAD_BYTES + table.length;
  if (table.length % 4 !== 0 || base > source.size || table.length > tableBytesMax)
    return err(`an offset table of ${table.length} bytes`);
  const offsets = await source.read(at + ITEM_HEAD_BYTES, table.length);
  const dataAt: number[] = [];
  const lengths: number[] = [];
  for (let next = base; next < source.size; ) {
    const item = await itemAt(source, next);
    if (item?.tag === SEQUENCE_END) break;
    if (item?.tag !== ITEM) return err(`no item where fragment ${dataAt.length + 1} should begin`);
    if (dataAt.length === fragmentsMax) return err(`more than ${fragmentsMax} fragments (fragmentsMax)`);
    dataAt.push(next + ITEM_HEAD_BYTES);
    // What is cut short keeps its length: reading it shows that bytes are missing.
    lengths.push(item.length);
    next += ITEM_HEAD_BYTES + item.length;
  }
  const view = new DataView(offsets.buffer, offsets.byteOffset, offsets.byteLength);
  const basicOffsets = Array.from({ length: offsets.length / 4 }, (_, i) => view.getUint32(4 * i, true));
  return ok({ dataAt, lengths, base, basicOffsets });
}

async function itemAt(source: ByteSource, at: number): Promise<{ tag: number; length: number } | undefined> {
  const head = await source.read(at, ITEM_HEAD_BYTES);
  if (head.length < ITEM_HEAD_BYTES) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  return { tag: view.getUint32(0, true), length: view.getUint32(4, true) };
}

/** Whether each fragment begins a compressed image, told by its first bytes; RLE never spans fragments. */
export async function fragmentStarts(source: ByteSource, { dataAt, lengths }: Fragments): Promise<readonly boolean[]> {
  const starts: boolean[] = [];
  for (const [i, at] of dataAt.entries()) {
    const head = await source.read(at, Math.min(4, lengths[i] as number));
    starts.push(isJpegStart(head) || isJpeg2000Start(head));
  }
  return starts;
}

/** Start of image, then another marker. Coded data holds no such bytes: 0xff is followed by less than 0xd8 there. */
const isJpegStart = (head: Uint8Array): boolean => head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff;

/** Start of codestream, then the size marker (ISO 15444-1 §A.4). */
const isJpeg2000Start = (head: Uint8Array): boolean =>
  head[0] === 0xff && head[1] === 0x4f && head[2] === 0xff && head[3] === 0x51;
