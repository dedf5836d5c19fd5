import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { err, ok, type Result } from '@collimator/shared/result';

/** PS3.10 §7.1: preamble, prefix, then (0002,0000) as UL of 4 bytes. */
const PREFIX_AT = 128;
const GROUP_LENGTH_AT = 132;
const GROUP_LENGTH_BYTES = 12;
const CHUNK_BYTES = 256 * 1024;

/** A result on disk that is what was made. A file of any size takes one chunk of memory. */
export type ResultFile = {
  /** Bytes of the whole Part 10 file. */
  readonly bytes: number;
  whole(): AsyncIterable<Uint8Array>;
  /** Without preamble and file meta. */
  dataSet(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
};

/**
 * Opens a result file, if it is still the one that was made.
 *
 * @param sha256 of the whole file as it was noted before the first send
 */
export async function openResult(file: string, sha256: string): Promise<Result<ResultFile, string>> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => error);
  if (handle instanceof Error) return err(`it cannot be read: ${handle.code ?? handle.message}`);
  const checked = await check(handle, sha256).catch((error: NodeJS.ErrnoException) =>
    err(`it cannot be read: ${error.code ?? error.message}`),
  );
  if (!checked.ok) {
    await handle.close();
    return checked;
  }
  const { bytes, start } = checked.value;
  return ok({
    bytes,
    whole: () => chunks(handle, 0),
    dataSet: () => chunks(handle, start),
    close: () => handle.close(),
  });
}

async function check(handle: FileHandle, sha256: string): Promise<Result<{ bytes: number; start: number }, string>> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks(handle, 0)) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  if (hash.digest('hex') !== sha256) return err('its digest has changed');
  const head = Buffer.alloc(GROUP_LENGTH_AT + GROUP_LENGTH_BYTES);
  const { bytesRead } = await handle.read(head, 0, head.length, 0);
  const isDicom =
    bytesRead === head.length &&
    head.toString('latin1', PREFIX_AT, PREFIX_AT + 4) === 'DICM' &&
    head.readUInt32LE(GROUP_LENGTH_AT) === 0x0000_0002;
  if (!isDicom) return err('it is no DICOM file');
  return ok({ bytes, start: head.length + head.readUInt32LE(GROUP_LENGTH_AT + 8) });
}

async function* chunks(handle: FileHandle, from: number): AsyncGenerator<Uint8Array> {
  for (let at = from; ; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
