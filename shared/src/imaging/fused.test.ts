import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PreprocessingOp } from '../contracts/release.ts';
import { fitPreprocessing, preprocessSlice } from './preprocess.ts';
import type { Pixels, SourceSlice } from './slice.ts';

const rows = 192;

/** Ops that a table can stand for, with the one after them. */
const opLists: readonly PreprocessingOp[][] = [
  [{ op: 'modality-lut' }],
  [
    { op: 'modality-lut' },
    { op: 'window', center: 40, width: 400, to: [0, 1] },
    { op: 'resize', size: [84, 83], interpolation: 'bilinear', antialias: true },
    { op: 'normalize', mean: [0.4], std: [0.2] },
  ],
  [
    { op: 'clip', low: -100, high: 300 },
    { op: 'scale', from: 'clip', to: [-1, 1] },
    { op: 'resize', size: [224, 50], interpolation: 'bilinear', antialias: false },
  ],
  [
    { op: 'modality-lut' },
    { op: 'clip-percentiles', scope: 'series', low: 1, high: 99 },
    { op: 'z-score', scope: 'series' },
    { op: 'resize', size: [97, 95], interpolation: 'nearest', antialias: false },
  ],
  [
    { op: 'modality-lut' },
    { op: 'z-score', scope: 'series', nonzero: true },
    { op: 'pad-or-crop', size: [100, 220], value: 0 },
    { op: 'repeat-channels', times: 3 },
  ],
];

const types = [Uint8Array, Int8Array, Uint16Array, Int16Array] as const;

describe('ops that are looked up in a table', () => {
  test('give the bits that they give one after the other', () => {
    const run = fc.record({
      ops: fc.constantFrom(...opLists),
      type: fc.constantFrom(...types),
      seed: fc.integer({ min: 1, max: 1e6 }),
      slope: fc.constantFrom(1, 0.5, 1.7),
      intercept: fc.constantFrom(0, -1024),
      padding: fc.option(fc.constantFrom({ low: -5, high: 3 }, { low: 90, high: 100 }), { nil: undefined }),
      // An odd start keeps the table from looking at two pixels at a time.
      shift: fc.constantFrom(0, 1),
      columns: fc.constantFrom(190, 192),
      // Air around a body, of which a window makes 0: rows and columns on each side.
      air: fc.record({ rows: fc.nat(120), columns: fc.nat(120) }),
    });
    fc.assert(
      fc.property(run, ({ ops, type, seed, slope, intercept, padding, shift, columns, air }) => {
        const pixels: Pixels = new type(rows * columns + shift).subarray(shift);
        let state = seed;
        for (let i = 0; i < pixels.length; i++) {
          state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
          const [row, column] = [Math.floor(i / columns), i % columns];
          const body = row >= air.rows && column >= air.columns && column < columns - air.columns / 4;
          pixels[i] = body ? state >> 15 : 0;
        }
        const slice: SourceSlice = { pixels, rows, columns, slope, intercept, ...(padding && { padding }) };
        const fitted = fitPreprocessing([slice], ops);
        const fast = preprocessSlice(slice, fitted);
        // Without a place for tables, every op passes over the image by itself.
        const { tables: _, ...plain } = fitted;
        const slow = preprocessSlice(slice, { ...plain, resizers: new Map() });
        expect(fast.rows).toBe(slow.rows);
        expect(Buffer.from(fast.values.buffer).equals(Buffer.from(slow.values.buffer))).toBe(true);
        // So do both where they are told where to put it.
        let made = 0;
        const make = (length: number): Float32Array => {
          made += 1;
          return new Float32Array(new SharedArrayBuffer(4 * length));
        };
        for (const one of [fitted, plain])
          expect(preprocessSlice(slice, { ...one, resizers: new Map(), make }).values).toEqual(slow.values);
        expect(made).toBeGreaterThanOrEqual(2);
      }),
      { numRuns: 60 },
    );
  });
});
