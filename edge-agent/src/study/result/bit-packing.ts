/**
 * Packs frames one bit a pixel (PS3.5 §8.1.1): the first pixel is the lowest bit, and each frame begins at the very
 * next bit after the one before, wherever in a byte that is.
 *
 * @param frames values 0 or 1 (anything else counts as 1), all of one length
 */
export function packBits(frames: readonly Uint8Array[]): Uint8Array {
  const pixels = frames.reduce((sum, frame) => sum + frame.length, 0);
  const packed = new Uint8Array(Math.ceil(pixels / 8));
  let bit = 0;
  for (const frame of frames)
    for (const value of frame) {
      if (value !== 0) packed[bit >> 3] = (packed[bit >> 3] as number) | (1 << (bit & 7));
      bit++;
    }
  return packed;
}
