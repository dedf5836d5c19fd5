import type { PreprocessingOp } from '../contracts/release.ts';
import { laid } from './pad-crop.ts';

/** How pixels of a preprocessed slice stand to those of its source, both from the corner of the first pixel. */
export type LineMap = { readonly scale: number; readonly offset: number };
export type SlicePlan = {
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
  readonly maps: { readonly rows: LineMap; readonly columns: LineMap };
};

/** The size that a slice has after preprocessing, and where it lies in the source. */
export function planSlice(
  ops: readonly PreprocessingOp[],
  source: { readonly rows: number; readonly columns: number },
): SlicePlan {
  let { rows, columns } = source;
  let channels = 1;
  const maps = { rows: { scale: 1, offset: 0 }, columns: { scale: 1, offset: 0 } };
  const laidOn = (map: LineMap, inner: LineMap): LineMap => ({
    scale: map.scale * inner.scale,
    offset: map.offset + map.scale * inner.offset,
  });
  for (const op of ops) {
    if (op.op === 'window-channels') channels = op.windows.length;
    if (op.op === 'repeat-channels') channels = op.times;
    if (op.op !== 'resize' && op.op !== 'pad-or-crop') continue;
    const [toRows, toColumns] = op.size;
    const inner = (from: number, to: number): LineMap => {
      if (op.op === 'resize') return { scale: from / to, offset: 0 };
      const { source: taken, target } = laid(from, to);
      return { scale: 1, offset: taken - target };
    };
    maps.rows = laidOn(maps.rows, inner(rows, toRows));
    maps.columns = laidOn(maps.columns, inner(columns, toColumns));
    [rows, columns] = [toRows, toColumns];
  }
  return { rows, columns, channels, maps };
}
