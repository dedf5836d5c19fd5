import { nextMarked } from './marked.ts';

/** Neighbourhood of a voxel: 6 by faces, 18 by faces and edges, 26 by faces, edges and corners. */
export type Connectivity = 6 | 18 | 26;

/** The runs of foreground in each line of a mask, with union-find over runs: memory follows the runs, not the voxels. */
type Runs = {
  readonly start: number[];
  readonly end: number[];
  readonly parent: number[];
  readonly size: number[];
  /** Index of the first run of each line; one more entry at the end. */
  readonly lines: Int32Array;
};

/**
 * Keeps the largest connected component of the voxels that are not 0, in place; of two of the same size the one met
 * first in slice, row, column order.
 *
 * @param mask [slices, rows, columns]
 * @returns the number of components there were and the voxels of the one that was kept (0 for an empty mask)
 */
export function keepLargestComponent(
  mask: Uint8Array,
  shape: { readonly slices: number; readonly rows: number; readonly columns: number },
  connectivity: Connectivity,
): { readonly components: number; readonly voxels: number } {
  const runs = componentsOf(mask, shape, connectivity);
  let best = -1;
  let components = 0;
  for (let run = 0; run < runs.start.length; run++) {
    if (runs.parent[run] !== run) continue;
    components++;
    if (best < 0 || (runs.size[run] as number) > (runs.size[best] as number)) best = run;
  }
  clear(mask, shape.columns, runs, (root) => root === best);
  return { components, voxels: best < 0 ? 0 : (runs.size[best] as number) };
}

/**
 * Takes the connected components away that have fewer voxels than `voxelsMin`, in place.
 *
 * @param mask [slices, rows, columns]
 */
export function removeSmallComponents(
  mask: Uint8Array,
  shape: { readonly slices: number; readonly rows: number; readonly columns: number },
  connectivity: Connectivity,
  voxelsMin: number,
): void {
  const runs = componentsOf(mask, shape, connectivity);
  clear(mask, shape.columns, runs, (root) => (runs.size[root] as number) >= voxelsMin);
}

/** Clears the runs whose component is not kept. */
function clear(mask: Uint8Array, columns: number, runs: Runs, keeps: (root: number) => boolean): void {
  for (let line = 0; line + 1 < runs.lines.length; line++) {
    for (let run = runs.lines[line] as number; run < (runs.lines[line + 1] as number); run++) {
      if (keeps(rootOf(runs.parent, run))) continue;
      mask.fill(0, line * columns + (runs.start[run] as number), line * columns + (runs.end[run] as number));
    }
  }
}

function componentsOf(
  mask: Uint8Array,
  shape: { readonly slices: number; readonly rows: number; readonly columns: number },
  connectivity: Connectivity,
): Runs {
  const { slices, rows, columns } = shape;
  if (mask.length !== slices * rows * columns) throw new RangeError('shape does not hold the mask');
  const runs = findRuns(mask, slices * rows, columns);
  // How far apart in columns two runs may be, by how the lines lie to each other; undefined where they do not touch.
  const besideRow = connectivity === 6 ? 0 : 1;
  const besideSlice = connectivity === 6 ? 0 : 1;
  const diagonal = connectivity === 6 ? undefined : connectivity === 18 ? 0 : 1;
  for (let slice = 0; slice < slices; slice++) {
    for (let row = 0; row < rows; row++) {
      const line = slice * rows + row;
      if (row > 0) joinLines(runs, line, line - 1, besideRow);
      if (slice === 0) continue;
      joinLines(runs, line, line - rows, besideSlice);
      if (diagonal === undefined) continue;
      if (row > 0) joinLines(runs, line, line - rows - 1, diagonal);
      if (row + 1 < rows) joinLines(runs, line, line - rows + 1, diagonal);
    }
  }
  return runs;
}

function findRuns(mask: Uint8Array, lineCount: number, columns: number): Runs {
  const runs: Runs = { start: [], end: [], parent: [], size: [], lines: new Int32Array(lineCount + 1) };
  /** Of all lines: from here to there nothing is marked. */
  let marked = nextMarked(mask, 0, mask.length);
  for (let line = 0; line < lineCount; line++) {
    runs.lines[line] = runs.start.length;
    const base = line * columns;
    while (marked < base + columns) {
      const start = marked - base;
      let c = start;
      while (c < columns && mask[base + c] !== 0) c++;
      marked = nextMarked(mask, base + c, mask.length);
      runs.parent.push(runs.start.length);
      runs.start.push(start);
      runs.end.push(c);
      runs.size.push(c - start);
    }
  }
  runs.lines[lineCount] = runs.start.length;
  return runs;
}

function joinLines(runs: Runs, line: number, other: number, reach: number): void {
  let a = runs.lines[line] as number;
  let b = runs.lines[other] as number;
  const aEnd = runs.lines[line + 1] as number;
  const bEnd = runs.lines[other + 1] as number;
  while (a < aEnd && b < bEnd) {
    const touches =
      (runs.start[a] as number) < (runs.end[b] as number) + reach &&
      (runs.start[b] as number) < (runs.end[a] as number) + reach;
    if (touches) join(runs, a, b);
    if ((runs.end[a] as number) < (runs.end[b] as number)) a++;
    else b++;
  }
}

/** The root of a component is always its first run, so that the order of joins does not decide a tie. */
function join(runs: Runs, a: number, b: number): void {
  const rootA = rootOf(runs.parent, a);
  const rootB = rootOf(runs.parent, b);
  if (rootA === rootB) return;
  const root = Math.min(rootA, rootB);
  const child = Math.max(rootA, rootB);
  runs.parent[child] = root;
  runs.size[root] = (runs.size[root] as number) + (runs.size[child] as number);
}

function rootOf(parent: number[], run: number): number {
  let root = run;
  while (parent[root] !== root) {
    const above = parent[root] as number;
    parent[root] = parent[above] as number;
    root = parent[root] as number;
  }
  return root;
}
