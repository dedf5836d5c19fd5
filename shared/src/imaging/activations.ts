/** In place or into `out`; float64 rounded to float32. */
export function sigmoid(values: Float32Array, out = new Float32Array(values.length)): Float32Array {
  for (let i = 0; i < values.length; i++) out[i] = 1 / (1 + Math.exp(-(values[i] as number)));
  return out;
}

/**
 * Softmax over channels.
 *
 * @param values channel after channel
 */
export function softmax(values: Float32Array, channels: number): Float32Array {
  const size = values.length / channels;
  const out = new Float32Array(values.length);
  for (let i = 0; i < size; i++) {
    let most = Number.NEGATIVE_INFINITY;
    for (let at = i; at < values.length; at += size) most = Math.max(most, values[at] as number);
    let sum = 0;
    for (let at = i; at < values.length; at += size) sum += Math.exp((values[at] as number) - most);
    for (let at = i; at < values.length; at += size) out[at] = Math.exp((values[at] as number) - most) / sum;
  }
  return out;
}

/** The channel with the greatest value at each place; of two the first. */
export function argmax(values: Float32Array, channels: number): Uint8Array {
  const size = values.length / channels;
  const out = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    let best = 0;
    let most = values[i] as number;
    for (let channel = 1; channel < channels; channel++) {
      const value = values[channel * size + i] as number;
      if (value > most) [best, most] = [channel, value];
    }
    out[i] = best;
  }
  return out;
}
