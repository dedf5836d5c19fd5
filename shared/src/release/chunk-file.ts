import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzipSync, gzip } from 'node:zlib';
import { type Chunk, chunkBytesMax, type ReleaseFile } from '../contracts/release.ts';
import { ok, type Result } from '../result.ts';
import { sha256Hex } from './canonical-json.ts';
import { type Refusal, refuse } from './refusal.ts';

/** gzip is used only where it saves at least this share of the bytes. */
const gzipSavesMin = 0.05;

/** A chunk as it travels. */
export type EncodedChunk = { readonly encoding: Chunk['encoding']; readonly payload: Buffer };

const zip = promisify(gzip);

/** Decides the encoding of a chunk by trying it, off the main thread: a hub goes on answering meanwhile. */
export async function encodeChunk(raw: Buffer): Promise<EncodedChunk> {
  const zipped = await zip(raw, { level: 6 });
  return zipped.length <= raw.length * (1 - gzipSavesMin)
    ? { encoding: 'gzip', payload: zipped }
    : { encoding: 'identity', payload: raw };
}

/** The raw bytes of a chunk that arrived, or `chunk-mismatch`. Never inflates to more than the chunk's own length. */
export function decodeChunk(
  chunk: Pick<Chunk, 'sha256' | 'length' | 'encoding'>,
  payload: Buffer,
): Result<Buffer, Refusal> {
  let raw = payload;
  if (chunk.encoding === 'gzip') {
    try {
      raw = gunzipSync(payload, { maxOutputLength: chunk.length });
    } catch {
      return refuse('chunk-mismatch', `${chunk.sha256.slice(0, 12)}: not gzip of ${chunk.length} bytes`);
    }
  }
  if (raw.length !== chunk.length) return refuse('chunk-mismatch', `${chunk.sha256.slice(0, 12)}: ${raw.length} bytes`);
  return sha256Hex(raw) === chunk.sha256
    ? ok(raw)
    : refuse('chunk-mismatch', `${chunk.sha256.slice(0, 12)}: another digest`);
}

/**
 * Cuts a file into chunks of at most 256 KiB and names each by the SHA-256 of its raw bytes.
 * `keep` stores the encoded chunk and says the encoding it is kept under (an earlier one, if it was there already).
 * Holds one chunk in memory.
 */
export async function chunkFile(
  path: string,
  keep: (sha256: string, raw: Buffer) => Promise<Chunk['encoding']>,
  chunkBytes = chunkBytesMax,
): Promise<ReleaseFile> {
  const file = await open(path, 'r');
  try {
    const whole = createHash('sha256');
    const chunks: Chunk[] = [];
    let offset = 0;
    for (;;) {
      const buffer = Buffer.allocUnsafe(chunkBytes);
      const length = await fill(file, buffer, offset);
      if (length === 0) break;
      const raw = buffer.subarray(0, length);
      whole.update(raw);
      const sha256 = sha256Hex(raw);
      chunks.push({ offset, length, encoding: await keep(sha256, raw), sha256 });
      offset += length;
    }
    return { sha256: whole.digest('hex'), bytes: offset, chunks };
  } finally {
    await file.close();
  }
}

/** Reads until the buffer is full or the file ends; a single read may give less. */
async function fill(file: Awaited<ReturnType<typeof open>>, buffer: Buffer, position: number): Promise<number> {
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, position + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}
