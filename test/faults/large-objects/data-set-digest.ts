import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';

/** PS3.10 §7.1: preamble and prefix, then (0002,0000) as UL, which gives the length of the rest of the file meta. */
const HEAD_BYTES = 144;
const META_LENGTH_AT = 140;

/** SHA-256 of a Part 10 file without its preamble and file meta, in lower-case hex; reads a file of any size. */
export async function dataSetDigest(file: string): Promise<string> {
  const head = Buffer.alloc(HEAD_BYTES);
  const handle = await open(file);
  try {
    await handle.read(head, 0, HEAD_BYTES, 0);
  } finally {
    await handle.close();
  }
  const hash = createHash('sha256');
  const start = HEAD_BYTES + head.readUInt32LE(META_LENGTH_AT);
  for await (const chunk of createReadStream(file, { start })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
