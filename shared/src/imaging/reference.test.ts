import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Connectivity, keepLargestComponent } from './components.ts';
import { percentiles } from './order-statistics.ts';
import { preprocessSeries } from './preprocess.ts';
import { makeResizer } from './resize.ts';

/** Numbers that NumPy, SciPy and Pillow gave; see reference/make.py. */
type Cases = {
  resize: { from: [number, number]; to: [number, number]; method: string; source: number[]; out: number[] }[];
  percentiles: { values: number[]; percents: number[]; out: number[] }[];
  components: {
    shape: [number, number, number];
    connectivity: Connectivity;
    mask: number[];
    components: number;
    largest: number;
    unique: boolean;
    kept: number[];
  }[];
  zscore: { source: number[]; from: [number, number]; out: number[] };
};
const cases = JSON.parse(readFileSync(new URL('./reference/cases.json', import.meta.url), 'utf8')) as Cases;

const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
};

describe('the arithmetic agrees with independent implementations', () => {
  test.each(cases.resize.map((c) => [`${c.method} ${c.from.join('×')} → ${c.to.join('×')}`, c] as const))(
    'resize %s',
    (_, c) => {
      const resize = makeResizer(
        { rows: c.from[0], columns: c.from[1] },
        { rows: c.to[0], columns: c.to[1] },
        { interpolation: c.method === 'nearest' ? 'nearest' : 'bilinear', antialias: c.method === 'antialias' },
      );
      const out = resize({ values: Float32Array.from(c.source), rows: c.from[0], columns: c.from[1] });
      expect(worst(out.values, c.out)).toBeLessThan(5e-5);
    },
  );

  test.each(cases.percentiles.map((c) => [c.values.length, c] as const))('percentiles of %d values', (_, c) => {
    const found = percentiles((take) => take(Float32Array.from(c.values)), c.percents);
    expect(worst(found ?? [], c.out)).toBeLessThan(1e-9);
  });

  test.each(cases.components.map((c) => [c.connectivity, c.components, c] as const))(
    'the largest of the components, %d neighbours, %d components',
    (_, __, c) => {
      const [slices, rows, columns] = c.shape;
      const mask = Uint8Array.from(c.mask);
      const kept = keepLargestComponent(mask, { slices, rows, columns }, c.connectivity);
      expect(kept).toEqual({ components: c.components, voxels: c.largest });
      expect(mask.reduce((sum, value) => sum + value, 0)).toBe(c.largest);
      // SciPy numbers components in the same scan order, so even a tie is settled alike.
      expect(Array.from(mask)).toEqual(c.kept);
    },
  );

  test('z-score', () => {
    const [rows, columns] = cases.zscore.from;
    const slice = { pixels: Float32Array.from(cases.zscore.source), rows, columns };
    for (const scope of ['series', 'slice'] as const)
      expect(worst(preprocessSeries([slice], [{ op: 'z-score', scope }]).data, cases.zscore.out)).toBeLessThan(1e-6);
  });
});
