import { transferSyntaxes, type TransferSyntax } from '@collimator/shared/dicom/transfer-syntaxes';
import { err, ok, type Result } from '@collimator/shared/result';
import dicomParser, { type DataSet } from 'dicom-parser';
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

/**
 * Parses a Part 10 file (PS3.10 §7), or the beginning of one.
 *
 * @param until the tag to stop at, as `xggggeeee`; its value need not be in `bytes`
 */
export function parsePart10(bytes: Uint8Array, until?: string): Result<Part10, Part10Problem> {
  if (bytes.length < META_PREFIX_BYTES || Buffer.from(bytes.subarray(128, 132)).toString('latin1') !== 'DICM')
    return refuse('image-unreadable', 'not a DICOM Part 10 file');
  let uid: string;
  try {
    const meta = dicomParser.readPart10Header(bytes);
    uid = meta.string('x00020010') ?? '';
  } catch (error) {
    return refuse('image-unreadable', `the file meta information cannot be parsed: ${text(error)}`, true);
  }
  const syntax = transferSyntaxes.get(uid);
  // Only known names go into a message: an unknown UID comes from outside and could be anything.
  if (syntax === undefined) return refuse('image-transfer-syntax-unsupported', 'an unknown transfer syntax');
  if (syntax.deflated) return refuse('image-transfer-syntax-unsupported', syntax.name);
  try {
    const dataSet = dicomParser.parseDicom(bytes, until === undefined ? {} : { untilTag: until });
    return ok({ bytes, dataSet, syntax });
  } catch (error) {
    return refuse('image-unreadable', `the data set cannot be parsed: ${text(error)}`, true);
  }
}

export const isLittleEndian = (syntax: TransferSyntax): boolean => syntax.byteOrder === 'little';

const refuse = (code: Problem['code'], detail: string, truncated = false): Result<never, Part10Problem> =>
  err({ code, detail, truncated });

/** dicom-parser throws strings and objects with an `exception`. */
function text(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'exception' in error) return text(error.exception);
  return error instanceof Error ? error.message : String(error);
}
