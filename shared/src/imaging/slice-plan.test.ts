import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PreprocessingOp } from '../contracts/release.ts';
import { preprocessSeries } from './preprocess.ts';
import { planSlice } from './slice-plan.ts';

const side = fc.integer({ min: 20, max: 60 });
const op = fc
  .record({ kind: fc.constantFrom('resize', 'pad-or-crop'), rows: side, columns: side })
  .map(
    ({ kind, rows, columns }): PreprocessingOp =>
      kind === 'resize'
        ? { op: 'resize', size: [rows, columns], interpolation: 'bilinear', antialias: true }
        : { op: 'pad-or-crop', size: [rows, columns], value: 0 },
  );

test('where a bright spot ends up in the model’s input is where it was in the source', () => {
  const run = fc.record({ rows: side, columns: side, ops: fc.array(op, { maxLength: 3 }) });
  fc.assert(
    fc.property(run, ({ rows, columns, ops }) => {
      const plan = planSlice(ops, { rows, columns });
      // A spot about the middle of the source, which no op cuts away; its centre is at pixel corners.
      const [row, column] = [Math.floor(rows / 2), Math.floor(columns / 2)];
      const pixels = new Float32Array(rows * columns);
      for (const r of [row - 1, row]) for (const c of [column - 1, column]) pixels[r * columns + c] = 1;
      const { data, ...size } = preprocessSeries([{ pixels, rows, columns }], ops);
      expect([size.rows, size.columns]).toEqual([plan.rows, plan.columns]);
      let [sum, down, across] = [0, 0, 0];
      for (let i = 0; i < data.length; i++) {
        const value = data[i] as number;
        sum += value;
        down += value * (Math.floor(i / size.columns) + 0.5);
        across += value * ((i % size.columns) + 0.5);
      }
      const back = ({ scale, offset }: { scale: number; offset: number }, at: number): number => offset + scale * at;
      // Resizing to few pixels moves the centre of mass by less than a pixel of the input.
      expect(Math.abs(back(plan.maps.rows, down / sum) - row)).toBeLessThan(Math.max(1, plan.maps.rows.scale));
      expect(Math.abs(back(plan.maps.columns, across / sum) - column)).toBeLessThan(
        Math.max(1, plan.maps.columns.scale),
      );
    }),
  );
});

test('a size and its way back in numbers', () => {
  const plan = planSlice(
    [
      { op: 'pad-or-crop', size: [200, 100], value: 0 },
      { op: 'resize', size: [100, 25], interpolation: 'bilinear', antialias: true },
      { op: 'repeat-channels', times: 3 },
    ],
    { rows: 100, columns: 120 },
  );
  expect(plan).toEqual({
    ...{ rows: 100, columns: 25, channels: 3 },
    maps: { rows: { scale: 2, offset: -50 }, columns: { scale: 4, offset: 10 } },
  });
});
