/**
 * Where the next marked voxel of a mask is, from `from` on and before `to`; `to` where there is none. Looks at four at a
 * time: a mask has hundreds of millions of voxels, and nearly all of them are 0.
 */
export function nextMarked(mask: Uint8Array, from: number, to: number): number {
  let at = from;
  // Up to where words begin.
  while (at < to && (mask.byteOffset + at) % WORD_BYTES !== 0) {
    if (mask[at] !== 0) return at;
    at++;
  }
  const words = Math.floor((to - at) / WORD_BYTES);
  if (words > 0) {
    const whole = new Uint32Array(mask.buffer, mask.byteOffset + at, words);
    let word = 0;
    while (word < words && whole[word] === 0) word++;
    at += WORD_BYTES * word;
  }
  while (at < to && mask[at] === 0) at++;
  return at;
}

const WORD_BYTES = 4;

/** Voxels that are not 0. */
export function countMarked(mask: Uint8Array): number {
  let voxels = 0;
  for (let at = nextMarked(mask, 0, mask.length); at < mask.length; at = nextMarked(mask, at, mask.length))
    while (at < mask.length && mask[at] !== 0) {
      voxels++;
      at++;
    }
  return voxels;
}
