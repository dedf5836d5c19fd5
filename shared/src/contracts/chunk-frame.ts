/**
 * `chunks/<id>/data` in binary, because MQTT 3.1.1 has no properties to carry the name of what is inside:
 * kind (1 byte) · SHA-256 of the object, or zeros (32 bytes) · offset or root version (8 bytes, big endian) · payload.
 */
export const chunkFrameHeaderBytes = 41;

export type ChunkFrame =
  | { readonly kind: 'bytes'; readonly sha256: string; readonly offset: number; readonly payload: Uint8Array }
  | { readonly kind: 'missing'; readonly sha256: string; readonly offset: number }
  | { readonly kind: 'root'; readonly version: number; readonly payload: Uint8Array }
  | { readonly kind: 'no-root'; readonly version: number };

const kinds = ['bytes', 'missing', 'root', 'no-root'] as const;

export function encodeChunkFrame(frame: ChunkFrame): Buffer {
  const header = Buffer.alloc(chunkFrameHeaderBytes);
  header.writeUInt8(kinds.indexOf(frame.kind), 0);
  if ('sha256' in frame) header.write(frame.sha256, 1, 'hex');
  header.writeBigUInt64BE(BigInt('offset' in frame ? frame.offset : frame.version), 33);
  return 'payload' in frame ? Buffer.concat([header, frame.payload]) : header;
}

/** The frame, or undefined when the bytes are none. The payload is a view, not a copy. */
export function decodeChunkFrame(bytes: Buffer): ChunkFrame | undefined {
  if (bytes.length < chunkFrameHeaderBytes) return undefined;
  const kind = kinds[bytes.readUInt8(0)];
  const position = bytes.readBigUInt64BE(33);
  if (kind === undefined || position > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  const sha256 = bytes.toString('hex', 1, 33);
  const payload = bytes.subarray(chunkFrameHeaderBytes);
  const at = Number(position);
  switch (kind) {
    case 'bytes':
      return { kind, sha256, offset: at, payload };
    case 'missing':
      return { kind, sha256, offset: at };
    case 'root':
      return { kind, version: at, payload };
    case 'no-root':
      return { kind, version: at };
  }
}
