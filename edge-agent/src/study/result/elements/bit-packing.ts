/**
 * Packs frames one bit a pixel (PS3.5 §8.1.1): the first pixel is the lowest bit, and each frame begins at the very
 * next bit after the one before, wherever in a byte that is.
 *
 * @param frames values 0 or 1 (anything else counts as 1), all of one length
 */
export function packBits(frames: readonly Uint8Array[]): Uint8Array {
  const pixels = frames.reduce((sum, frame) => sum + frame.length, 0);
  const packed = new Uint8Array(Math.ceil(pixels / 8));
  let at = 0;
  let bit = 1;
  let byte = 0;
  // Index loops: a CT study has hundreds of millions of voxels, and an iterator costs several times as much.
  for (const frame of frames)
    for (let i = 0; i < frame.length; i++) {
      if (frame[i] !== 0) byte |= bit;
      bit <<= 1;
      if (bit < 0x100) continue;
      packed[at++] = byte;
      bit = 1;
      byte = 0;
    }
  if (bit > 1) packed[at] = byte;
  return packed;
}
