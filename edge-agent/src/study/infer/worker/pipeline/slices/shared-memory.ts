/**
 * Memory that threads and whoever asks them both see, used again and again: what is handed over instead is new memory for
 * each slice, and collecting it costs a worker as much as decoding does.
 */
export type SharedMemory = {
  /** Whatever was in it before is in it still. */
  floats(length: number): Float32Array;
  bytes(length: number): Uint8Array;
  /** Gives back what `floats` or `bytes` gave and nobody looks at any more; anything else is let go. */
  free(values: Float32Array | Uint8Array): void;
};

/** Memory that lies ready, of the few sizes that one series has. */
const SPARE_BYTES_MAX = 2 ** 28;
const SIZES_MAX = 4;

export function createSharedMemory(spareBytesMax = SPARE_BYTES_MAX): SharedMemory {
  /** By length in bytes; the size that was given back last is the last. */
  const spare = new Map<number, SharedArrayBuffer[]>();
  let spareBytes = 0;

  function take(bytes: number): SharedArrayBuffer {
    const piece = spare.get(bytes)?.pop();
    if (piece !== undefined) spareBytes -= bytes;
    return piece ?? new SharedArrayBuffer(bytes);
  }

  /** Lets the sizes go that were not given back for longest, as far as that makes room for one more of the last. */
  function makeRoom(last: number): void {
    for (const [size, pieces] of spare) {
      if (size === last || (spareBytes + last <= spareBytesMax && spare.size <= SIZES_MAX)) return;
      spare.delete(size);
      spareBytes -= size * pieces.length;
    }
  }

  return {
    floats: (length) => new Float32Array(take(length * Float32Array.BYTES_PER_ELEMENT)),
    bytes: (length) => new Uint8Array(take(length)),
    free({ buffer }) {
      if (!(buffer instanceof SharedArrayBuffer)) return;
      const bytes = buffer.byteLength;
      const pieces = spare.get(bytes) ?? [];
      spare.delete(bytes);
      spare.set(bytes, pieces);
      makeRoom(bytes);
      if (spareBytes + bytes > spareBytesMax) return;
      pieces.push(buffer);
      spareBytes += bytes;
    },
  };
}
