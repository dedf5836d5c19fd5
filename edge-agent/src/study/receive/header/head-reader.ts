import { transferSyntaxes } from '@collimator/shared/dicom/transfer-syntaxes';
import { err, type Result } from '@collimator/shared/result';
import { type HeaderProblem, parseHeader } from './header-parser.ts';
import type { DataSetHeader } from './instance-header.ts';

/** First read, bytes: most headers are below 16 KiB. */
export const HEAD_BYTES = 65_536;
/** Longest header looked at, bytes. */
export const HEAD_BYTES_MAX = 67_108_864;

/** Where bytes of a data set can be read; a FileHandle is one. */
export type HeadSource = {
  /** Copies bytes from `position` of the file into `into`; fewer than `length` at the end. */
  read(into: Buffer, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  /** The same bytes where they lie in memory already; undefined when they do not. */
  view?(length: number, position: number): Uint8Array | undefined;
};

/**
 * Reads the header of a data set inside a file, and only as much of the file as that takes.
 *
 * @param offset where the data set begins, bytes
 * @param length of the data set, bytes
 * @returns why it is unparsable; rejects when the file cannot be read
 */
export async function readHeader(
  file: HeadSource,
  offset: number,
  length: number,
  transferSyntaxUid: string,
): Promise<Result<DataSetHeader, string>> {
  const syntax = transferSyntaxes.get(transferSyntaxUid);
  if (syntax === undefined) return err(`transfer syntax ${transferSyntaxUid} is not known`);
  for (let size = HEAD_BYTES; ; size *= 8) {
    const bytes = Math.min(size, length, HEAD_BYTES_MAX);
    const head = file.view?.(bytes, offset) ?? (await readHead(file, bytes, offset));
    const parsed = await parseHeader(head, head.length === length, syntax, HEAD_BYTES_MAX);
    if (parsed.ok) return parsed;
    const problem: HeaderProblem = parsed.error;
    if (problem.kind === 'unparsable') return err(problem.why);
    if (bytes >= HEAD_BYTES_MAX) return err(`the header is longer than ${HEAD_BYTES_MAX} bytes`);
  }
}

async function readHead(file: HeadSource, length: number, position: number): Promise<Uint8Array> {
  const head = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(head, 0, length, position);
  return head.subarray(0, bytesRead);
}
