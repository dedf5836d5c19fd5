import type { PreprocessingOp } from '../contracts/release.ts';
import { type OpState, type Pointwise, pointwiseOf } from './pointwise.ts';
import type { SourceSlice } from './slice.ts';
import { hasTable, makeValueTable, type TablePixels, type ValueTable } from './value-table.ts';

/** The first ops of a list as one table of stored values. */
export type StoredValueOps = {
  readonly table: ValueTable;
  /** How many ops the table stands for. */
  readonly ops: number;
  /** What the last of them limited values to. */
  readonly clip: readonly [number, number];
};

/** Tables of 256 KiB that are kept; a series has one, or one for each slope. */
const TABLES_MAX = 16;

type Fitted = {
  readonly ops: readonly PreprocessingOp[];
  readonly states: readonly OpState[];
  readonly tables?: Map<string, ValueTable>;
};

/**
 * The table of the first ops, as far as they look at each value by itself. Each entry is rounded to float32 after each
 * op, as the image is where there is no table, so both give the same bits.
 *
 * @param until ops that are to be applied at most
 * @returns nothing where a table gains nothing or cannot say what padding becomes
 */
export function tableOf(slice: SourceSlice, fitted: Fitted, until: number): StoredValueOps | undefined {
  const { pixels, padding } = slice;
  if (fitted.tables === undefined || !hasTable(pixels)) return undefined;
  // A table has an entry for each value; what has few pixels is done sooner without.
  if (2 * pixels.length < 2 ** (8 * pixels.BYTES_PER_ELEMENT)) return undefined;
  const steps: Pointwise[] = [];
  let clip: readonly [number, number] = [0, 0];
  let filled = padding === undefined;
  for (let i = 0; i < until; i++) {
    const op = fitted.ops[i] as PreprocessingOp;
    const step = pointwiseOf(op, fitted.states[i] as OpState, clip, slice);
    // Padding that meets a z-score takes the lowest value of the slice, which no table knows.
    if (step === undefined || (op.op === 'z-score' && !filled)) break;
    steps.push(step);
    clip = step.clip ?? clip;
    filled ||= step.fills !== undefined;
  }
  if (steps.length === 0 || !filled) return undefined;
  const { slope = 1, intercept = 0 } = slice;
  const key = JSON.stringify([
    ...[pixels.constructor.name, slope, intercept, padding ?? null],
    ...[fitted.ops.slice(0, steps.length), fitted.states.slice(0, steps.length)],
  ]);
  const table = fitted.tables.get(key) ?? makeTable(pixels, slice, steps);
  if (fitted.tables.size >= TABLES_MAX) fitted.tables.clear();
  fitted.tables.set(key, table);
  return { table, ops: steps.length, clip };
}

function makeTable(pixels: TablePixels, { padding }: SourceSlice, steps: readonly Pointwise[]): ValueTable {
  return makeValueTable(pixels, (stored) => {
    let value = stored;
    let padded = padding !== undefined && stored >= padding.low && stored <= padding.high;
    for (const { f, fills } of steps) {
      if (padded && fills !== undefined) {
        value = Math.fround(fills);
        padded = false;
      }
      if (!padded) value = Math.fround(f(value));
    }
    return value;
  });
}
