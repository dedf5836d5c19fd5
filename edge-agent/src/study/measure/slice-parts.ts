/** A slice of a mask: rows × columns, 0 or not. */
export type SliceMask = { readonly pixels: Uint8Array; readonly rows: number; readonly columns: number };

/**
 * The largest part of a slice whose pixels touch by a side; of two as large, the one whose first pixel comes first.
 *
 * @returns a mask of that part alone and its number of pixels; nothing where no pixel is set
 */
export function largestPart(mask: SliceMask): (SliceMask & { readonly count: number }) | undefined {
  const { pixels, rows, columns } = mask;
  const labels = new Int32Array(pixels.length);
  const pending: number[] = [];
  let parts = 0;
  let [best, count] = [0, 0];
  for (let seed = 0; seed < pixels.length; seed++) {
    if (pixels[seed] === 0 || labels[seed] !== 0) continue;
    labels[seed] = ++parts;
    pending.push(seed);
    let size = 0;
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      size += 1;
      const column = at % columns;
      const beside = [
        column > 0 ? at - 1 : -1,
        column < columns - 1 ? at + 1 : -1,
        at - columns,
        at + columns < rows * columns ? at + columns : -1,
      ];
      for (const next of beside) {
        if (next < 0 || pixels[next] === 0 || labels[next] !== 0) continue;
        labels[next] = parts;
        pending.push(next);
      }
    }
    if (size > count) [best, count] = [parts, size];
  }
  if (best === 0) return undefined;
  return { rows, columns, count, pixels: Uint8Array.from(labels, (label) => (label === best ? 1 : 0)) };
}
