import type { AugmentationOp } from '@collimator/shared/contracts/run-spec';
import type { Random } from './random.ts';

/** One preprocessed slice with its target, both [rows, columns]. */
export type Sample = { readonly image: Float32Array; readonly target: Float32Array };
export type SampleSize = { readonly rows: number; readonly columns: number };

/** Applies the declared augmentations in order with fresh random draws; the given sample is left as it is. */
export function augment(sample: Sample, size: SampleSize, ops: readonly AugmentationOp[], random: Random): Sample {
  let { image, target } = sample;
  for (const op of ops) {
    switch (op.op) {
      case 'flip':
        if (random.next() < 0.5) {
          image = flipped(image, size, op.axis);
          target = flipped(target, size, op.axis);
        }
        break;
      case 'rotate': {
        const angle = ((random.next() * 2 - 1) * op.degrees * Math.PI) / 180;
        image = rotated(image, size, angle);
        target = rotated(target, size, angle);
        break;
      }
      case 'contrast':
        image = contrasted(image, op.range[0] + random.next() * (op.range[1] - op.range[0]));
        break;
      case 'noise':
        image = image.map((value) => value + random.normal() * op.std);
        break;
    }
  }
  return { image, target };
}

/** Mirrors along x (columns) or y (rows). */
export function flipped(values: Float32Array, { rows, columns }: SampleSize, axis: 'x' | 'y'): Float32Array {
  const out = new Float32Array(values.length);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++)
      out[r * columns + c] = values[
        axis === 'x' ? r * columns + columns - 1 - c : (rows - 1 - r) * columns + c
      ] as number;
  return out;
}

/** Turns about the centre by `angle` (radian), bilinear; what comes from outside takes the nearest border value. */
export function rotated(values: Float32Array, { rows, columns }: SampleSize, angle: number): Float32Array {
  const out = new Float32Array(values.length);
  const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
  const [cy, cx] = [(rows - 1) / 2, (columns - 1) / 2];
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const y = Math.min(rows - 1, Math.max(0, cy + (r - cy) * cos + (c - cx) * sin));
      const x = Math.min(columns - 1, Math.max(0, cx - (r - cy) * sin + (c - cx) * cos));
      const [top, left] = [Math.floor(y), Math.floor(x)];
      const [bottom, right] = [Math.min(top + 1, rows - 1), Math.min(left + 1, columns - 1)];
      const [fy, fx] = [y - top, x - left];
      const at = (row: number, column: number): number => values[row * columns + column] as number;
      const upper = at(top, left) * (1 - fx) + at(top, right) * fx;
      const lower = at(bottom, left) * (1 - fx) + at(bottom, right) * fx;
      out[r * columns + c] = upper * (1 - fy) + lower * fy;
    }
  }
  return out;
}

/** Spreads the values about their mean. */
function contrasted(values: Float32Array, factor: number): Float32Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => mean + (value - mean) * factor);
}
