import { nearProbabilities } from './near-logits.ts';
import { makeNearCut } from './near-mask.ts';
import { alongColumns, alongRows } from './resize.ts';
import { placeTaps, type Taps } from './taps.ts';
import { type Triple, triple, type VolumeGrid, voxelsOf } from './volume-grid.ts';

/** The slices of the source as a preprocessed volume shows them. */
export type ToSource = {
  /**
   * Values of one slice of the source, [channels, rows, columns]; NaN where the volume does not reach.
   *
   * @param volume of the shape and channels that were given, channel after channel
   */
  slice(volume: Float32Array, index: number): Float32Array;
  /**
   * What of such a slice reaches a threshold, 1 or 0 for each value; computed only where something is near it.
   *
   * @param volume of values from 0 on
   */
  mask(volume: Float32Array, index: number, at: number): Uint8Array;
};

/**
 * Lays a volume back on the grid of its source. A voxel belongs to what was cut away when its centre lies more than
 * half a voxel outside of the volume.
 *
 * @param source slices, rows, columns
 */
export function makeToSource(
  { shape, maps, channels }: Pick<VolumeGrid, 'shape' | 'maps' | 'channels'>,
  source: Triple,
  interpolation: 'linear' | 'nearest',
): ToSource {
  /** Which axis of the volume each axis of the source is. */
  const axes = triple((of) => maps.findIndex((map) => map.source === of) as 0 | 1 | 2);
  const places = triple((of) => {
    const { scale, offset } = maps[axes[of]];
    return Float64Array.from({ length: source[of] }, (_, i) => (i - offset) / scale);
  });
  const inside = triple((of) =>
    Uint8Array.from(places[of], (place) => (place < -0.5 - SLACK || place > shape[axes[of]] - 0.5 + SLACK ? 0 : 1)),
  );
  const taps = triple((of): Taps => placeTaps(shape[axes[of]], places[of], interpolation));
  const steps: Triple = [shape[1] * shape[2], shape[2], 1];
  const [along, down, across] = triple((of) => ({ count: shape[axes[of]], step: steps[axes[of]] }));
  const [, rows, columns] = source;

  const cut = makeNearCut(taps[1], taps[2], { rows: inside[1], columns: inside[2] });

  /** Between the slices of the volume, one channel. */
  function planeAt(volume: Float32Array, index: number, channel: number): Float32Array {
    const plane = new Float32Array(down.count * across.count);
    const width = taps[0].width;
    for (let t = 0; t < (taps[0].counts[index] as number); t++) {
      const weight = taps[0].weights[index * width + t] as number;
      if (weight === 0) continue;
      const at = channel * voxelsOf(shape) + ((taps[0].first[index] as number) + t) * along.step;
      for (let r = 0, o = 0; r < down.count; r++)
        for (let c = 0, v = at + r * down.step; c < across.count; c++, o++, v += across.step)
          plane[o] = (plane[o] as number) + (volume[v] as number) * weight;
    }
    return plane;
  }

  return {
    slice(volume, index) {
      const out = new Float32Array(channels * rows * columns);
      if (inside[0][index] === 0) return out.fill(Number.NaN);
      for (let channel = 0; channel < channels; channel++) {
        const plane = planeAt(volume, index, channel);
        const wide = new Float32Array(down.count * columns);
        alongColumns({ values: plane, at: 0 }, wide, 0, down.count, across.count, taps[2]);
        out.set(alongRows(wide, columns, taps[1]), channel * rows * columns);
        for (let r = 0; r < rows; r++)
          for (let c = 0; c < columns; c++)
            if (inside[1][r] === 0 || inside[2][c] === 0) out[(channel * rows + r) * columns + c] = Number.NaN;
      }
      return out;
    },
    mask(volume, index, at) {
      const out = new Uint8Array(channels * rows * columns);
      if (inside[0][index] === 0) return out;
      for (let channel = 0; channel < channels; channel++) {
        const near = nearProbabilities(planeAt(volume, index, channel), down.count, across.count, at);
        cut(near, at, out.subarray(channel * rows * columns, (channel + 1) * rows * columns));
      }
      return out;
    },
  };
}

/** Rounding in the maps decides nothing. */
const SLACK = 1e-6;
