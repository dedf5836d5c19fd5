import { PDV_OVERHEAD_BYTES } from '../upper-layer/pdu-encode.ts';

/** Largest fragment we make ourselves, bytes, whatever the peer would take. */
export const FRAGMENT_BYTES_MAX = 131_072;

/**
 * Bytes of data in one PDV, so that its PDU fits what the peer takes (PS3.8 §D.1); always even.
 *
 * @param peerPduBytesMax the peer's maximum length, 0 for no limit
 */
export function fragmentBytes(peerPduBytesMax: number): number {
  const room = peerPduBytesMax === 0 ? FRAGMENT_BYTES_MAX : peerPduBytesMax - PDV_OVERHEAD_BYTES;
  return Math.max(2, Math.min(FRAGMENT_BYTES_MAX, room) & ~1);
}

export type Fragment = { readonly data: Uint8Array; readonly isLast: boolean };

/** Cuts bytes, in one piece or arriving in pieces of any size, into fragments of exactly `size` bytes and a last one. */
export async function* fragments(
  source: Uint8Array | AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Fragment, void> {
  if (source instanceof Uint8Array) {
    let at = 0;
    for (; source.length - at > size; at += size) yield { data: source.subarray(at, at + size), isLast: false };
    yield { data: source.subarray(at), isLast: true };
    return;
  }
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const piece of source) {
    held.push(piece);
    heldBytes += piece.length;
    if (heldBytes <= size) continue;
    const all = held.length === 1 ? piece : Buffer.concat(held, heldBytes);
    let at = 0;
    for (; all.length - at > size; at += size) yield { data: all.subarray(at, at + size), isLast: false };
    // A copy, because whoever reads a file may fill the same buffer again.
    held = [Uint8Array.from(all.subarray(at))];
    heldBytes = all.length - at;
  }
  yield { data: Buffer.concat(held, heldBytes), isLast: true };
}
