/**
 * Follows the framing of an MQTT byte stream (MQTT 3.1.1 §2.2) without keeping any of it, and says when a packet
 * declares more bytes than allowed: the broker's own parser would collect them all first, up to 256 MB a client.
 * @returns a function that takes the next bytes and answers whether all is well so far
 */
export function createPacketGuard(packetBytesMax: number): (chunk: Uint8Array) => boolean {
  let skip = 0;
  let inLength = false;
  let length = 0;
  let shift = 0;
  return (chunk) => {
    for (let at = 0; at < chunk.length; ) {
      if (skip > 0) {
        const step = Math.min(skip, chunk.length - at);
        skip -= step;
        at += step;
        continue;
      }
      const byte = chunk[at] ?? 0;
      at += 1;
      if (!inLength) {
        inLength = true;
        length = 0;
        shift = 0;
        continue;
      }
      length += (byte & 0x7f) * 2 ** shift;
      shift += 7;
      if (length > packetBytesMax || shift > 28) return false;
      if ((byte & 0x80) === 0) {
        inLength = false;
        skip = length;
      }
    }
    return true;
  };
}
