import { constants, inflateRawSync } from 'node:zlib';
import {
  EXPLICIT_LITTLE_ENDIAN,
  transferSyntaxes,
  type TransferSyntax,
} from '@collimator/shared/dicom/transfer-syntaxes';
import { err, ok, type Result } from '@collimator/shared/result';
import dicomParser, { type DataSet } from 'dicom-parser';
import { parseDataSet } from './parse-data-set.ts';
import type { Problem } from './problem.ts';

/** A parsed Part 10 file; element values lie in `bytes`. */
export type Part10 = {
  readonly bytes: Uint8Array;
  readonly dataSet: DataSet;
  readonly syntax: TransferSyntax;
};

/** `truncated`: the bytes end before the data set does, so a longer prefix may do. */
export type Part10Problem = Problem & { readonly truncated: boolean };

const META_PREFIX_BYTES = 132;
export const PIXEL_DATA = 'x7fe00010';

/** Bound on a deflated data set after inflation: a small file must not become any amount of memory. */
export const inflatedBytesMax = 268_435_456;

/**
 * Parses a Part 10 file (PS3.10 §7), or the beginning of one.
 *
 * @param until the tag to stop at, as `xggggeeee`; its value need not be in `bytes`
 */
export function parsePart10(bytes: Uint8Array, until?: string): Result<Part10, Part10Problem> {
  if (bytes.length < META_PREFIX_BYTES || Buffer.from(bytes.subarray(128, 132)).toString('latin1') !== 'DICM')
    return refuse('image-unreadable', 'not a DICOM Part 10 file');
  let meta: DataSet;
  let uid: string;
  try {
    meta = dicomParser.readPart10Header(bytes);
    // An element may claim more bytes than there are: that is found when its value is read.
    uid = meta.string('x00020010')?.trim() ?? '';
  } catch (error) {
    return refuse('image-unreadable', `the file meta information cannot be parsed: ${text(error)}`, true);
  }
  if (uid === '') return refuse('image-unreadable', 'the file meta information names no transfer syntax', true);
  const syntax = transferSyntaxes.get(uid);
  // Only known names go into a message: an unknown UID comes from outside and could be anything.
  if (syntax === undefined) return refuse('image-transfer-syntax-unsupported', 'an unknown transfer syntax');
  const options = until === undefined ? {} : { untilTag: until };
  try {
    const plain = syntax.deflated ? inflatedFile(bytes, meta) : bytes;
    const metaOfPlain = syntax.deflated ? dicomParser.readPart10Header(plain) : meta;
    const dataSet = parseDataSet(plain, metaOfPlain, syntax, options);
    const beyond = elementBeyond(dataSet, plain.length, until);
    if (beyond !== undefined) return refuse('image-unreadable', `element ${beyond} ends beyond the file`, true);
    return ok({ bytes: plain, dataSet, syntax });
  } catch (error) {
    return refuse('image-unreadable', `the data set cannot be parsed: ${text(error)}`, true);
  }
}

/** The parser believes the length of a last element; whoever reads its value then reads past the end, and throws. */
function elementBeyond(dataSet: DataSet, end: number, until: string | undefined): string | undefined {
  for (const element of Object.values(dataSet.elements)) {
    if (element.tag === until) continue;
    if (element.dataOffset + element.length > end) return element.tag;
    for (const { dataSet: item } of element.items ?? []) {
      const within = item === undefined ? undefined : elementBeyond(item, end, until);
      if (within !== undefined) return within;
    }
  }
  return undefined;
}

/** The same file with its data set inflated (PS3.5 §A.5); of a deflated beginning, the beginning of it. */
function inflatedFile(bytes: Uint8Array, meta: DataSet): Uint8Array {
  // Where the meta information ends; dicom-parser sets it and does not declare it.
  const { position } = meta as DataSet & { readonly position: number };
  const dataSet = inflateRawSync(bytes.subarray(position), {
    finishFlush: constants.Z_SYNC_FLUSH,
    maxOutputLength: inflatedBytesMax,
  });
  // The parser would inflate again if it still read of deflation: the meta information gets the plain syntax.
  return Buffer.concat([plainMeta(), dataSet]);
}

/** Preamble and the one element of meta information that a parser needs. */
function plainMeta(): Uint8Array {
  const meta = Buffer.alloc(META_PREFIX_BYTES + 8);
  meta.write('DICM', 128, 'latin1');
  meta.writeUInt16LE(0x0002, META_PREFIX_BYTES);
  meta.writeUInt16LE(0x0010, META_PREFIX_BYTES + 2);
  meta.write('UI', META_PREFIX_BYTES + 4, 'latin1');
  meta.writeUInt16LE(EXPLICIT_LITTLE_ENDIAN.length + 1, META_PREFIX_BYTES + 6);
  return Buffer.concat([meta, Buffer.from(`${EXPLICIT_LITTLE_ENDIAN}\0`, 'latin1')]);
}

export const isLittleEndian = (syntax: TransferSyntax): boolean => syntax.byteOrder === 'little';

const refuse = (code: Problem['code'], detail: string, truncated = false): Result<never, Part10Problem> =>
  err({ code, detail, truncated });

/** dicom-parser throws strings and objects with an `exception`. */
function text(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'exception' in error) return text(error.exception);
  return error instanceof Error ? error.message : String(error);
}
