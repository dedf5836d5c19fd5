import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { PreprocessingOp } from '../contracts/release.ts';
import { argmax } from './activations.ts';
import { type Box, suppress } from './boxes.ts';
import { type Connectivity, keepLargestComponent } from './components.ts';
import { preprocessSeries } from './preprocess.ts';
import { preprocessVolume } from './preprocess-volume.ts';
import { type Triple, triple } from './volume-grid.ts';
import { makeStitcher, tilingOf, windowAt, windowWeights } from './windows.ts';

/** Numbers that MONAI gave; see reference/make-monai.py. */
type Cases = {
  geometry: {
    shape: Triple;
    spacing: Triple;
    directions: Triple<Triple>;
    codes: string | null;
    to: Triple | null;
    mode: 'bilinear' | 'nearest' | null;
    source: number[];
    out_shape: Triple;
    out: number[];
  }[];
  intensity: {
    name: string;
    op: PreprocessingOp | PreprocessingOp[];
    shape: Triple;
    source: number[];
    out: number[];
  }[];
  sizes: { shape: number[]; to: number[]; kind: string; source: number[]; out: number[] }[];
  importance: { window: Triple; sigma: number; out: number[] }[];
  sliding: {
    shape: Triple;
    window: Triple;
    overlap: number;
    mode: 'constant' | 'gaussian';
    sigma: number;
    source: number[];
    out: number[];
  }[];
  components: { shape: Triple; connectivity: Connectivity; mask: number[]; voxels: number }[];
  argmax: { channels: number; source: number[]; out: number[] }[];
  boxes: { boxes: number[]; scores: number[]; iou_max: number; kept: number[] }[];
};
const cases = JSON.parse(readFileSync(new URL('./reference/monai.json', import.meta.url), 'utf8')) as Cases;

const DIFFERENCE_MAX = 1e-4;
const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
};
const anywhere = {
  spacing_mm: [1, 1, 1] as Triple,
  directions: triple((axis) => triple((of) => (of === axis ? 1 : 0))),
};

describe('the arithmetic agrees with MONAI', () => {
  test.each(cases.geometry.map((c, i) => [i, `${c.codes} ${c.to?.join('×')} ${c.mode}`, c] as const))(
    'Orientation and Spacing, case %d: %s',
    (_, __, c) => {
      const ops: PreprocessingOp[] = [
        ...(c.codes === null ? [] : [{ op: 'orient' as const, axes: c.codes }]),
        ...(c.to === null
          ? []
          : [
              {
                op: 'resample' as const,
                spacing_mm: [...c.to] as [number, number, number],
                interpolation: c.mode === 'nearest' ? ('nearest' as const) : ('linear' as const),
              },
            ]),
      ];
      // MONAI counts to the right and to the front, DICOM to the left and to the back.
      const directions = triple((axis): Triple => {
        const [right, front, head] = c.directions[axis];
        return [-right, -front, head];
      });
      const frame = { shape: c.shape, spacing_mm: c.spacing, directions };
      const grid = preprocessVolume(Float32Array.from(c.source), ops, frame);
      expect(grid.shape).toEqual(c.out_shape);
      expect(worst(grid.values, c.out)).toBeLessThan(DIFFERENCE_MAX);
    },
  );

  test.each(cases.intensity.map((c) => [c.name, c] as const))('%s', (_, c) => {
    const ops = Array.isArray(c.op) ? c.op : [c.op];
    const volume = preprocessVolume(Float32Array.from(c.source), ops, { ...anywhere, shape: c.shape });
    expect(worst(volume.values, c.out)).toBeLessThan(DIFFERENCE_MAX);
    const [slices, rows, columns] = c.shape;
    const series = Array.from({ length: slices }, (_unused, s) => ({
      ...{ rows, columns },
      pixels: Float32Array.from(c.source.slice(s * rows * columns, (s + 1) * rows * columns)),
    }));
    expect(worst(preprocessSeries(series, ops).data, c.out)).toBeLessThan(DIFFERENCE_MAX);
  });

  test.each(cases.sizes.map((c) => [c.kind, c.shape.join('×'), c.to.join('×'), c] as const))(
    '%s %s to %s',
    (_, __, ___, c) => {
      const size = c.to as [number, number];
      const op: PreprocessingOp =
        c.kind === 'pad' || c.kind === 'crop'
          ? { op: 'pad-or-crop', size, value: -5 }
          : {
              ...{ op: 'resize', size, antialias: false },
              interpolation: c.kind === 'nearest-exact' ? 'nearest' : 'bilinear',
            };
      const [rows = 0, columns = 0] = c.shape;
      const values =
        c.shape.length === 2
          ? preprocessSeries([{ pixels: Float32Array.from(c.source), rows, columns }], [op]).data
          : preprocessVolume(Float32Array.from(c.source), [op], { ...anywhere, shape: c.shape as unknown as Triple })
              .values;
      expect(worst(values, c.out)).toBeLessThan(DIFFERENCE_MAX);
    },
  );

  test.each(cases.importance.map((c) => [c.window.join('×'), c.sigma, c] as const))(
    'the Gaussian importance map of %s, sigma %d',
    (_, __, c) => {
      expect(worst(windowWeights(c.window, 'gaussian', c.sigma), c.out)).toBeLessThan(DIFFERENCE_MAX);
    },
  );

  test.each(cases.sliding.map((c) => [c.shape.join('×'), c.window.join('×'), c.mode, c] as const))(
    'sliding_window_inference of %s in %s, %s',
    (_, __, ___, c) => {
      const tiling = tilingOf(c.shape, c.window, c.overlap);
      const volume = { values: Float32Array.from(c.source), shape: c.shape, channels: 1 };
      const stitcher = makeStitcher(c.shape, tiling, 2, windowWeights(c.window, c.mode, c.sigma));
      for (const [i, start] of tiling.starts.entries()) {
        const x = windowAt(volume, tiling, start);
        stitcher.add(i, Float32Array.from([...x.map((v) => v * 2 + 1), ...x.map((v, at) => v + at / x.length)]));
      }
      expect(worst(stitcher.finish(), c.out)).toBeLessThan(DIFFERENCE_MAX);
    },
  );

  test.each(cases.components.map((c) => [c.connectivity, c] as const))(
    'KeepLargestConnectedComponent, %d neighbours',
    (_, c) => {
      const [slices, rows, columns] = c.shape;
      const kept = keepLargestComponent(Uint8Array.from(c.mask), { slices, rows, columns }, c.connectivity);
      expect(kept.voxels).toBe(c.voxels);
    },
  );

  test('AsDiscrete argmax', () => {
    for (const c of cases.argmax) expect([...argmax(Float32Array.from(c.source), c.channels)]).toEqual(c.out);
  });

  test.each(cases.boxes.map((c) => [c.iou_max, c] as const))('non-maximum suppression above %d', (_, c) => {
    const boxes = Array.from(c.scores, (_unused, i): Box => {
      const [x1, y1, x2, y2] = c.boxes.slice(4 * i, 4 * i + 4) as [number, number, number, number];
      return { x1, y1, x2, y2 };
    });
    expect(suppress(boxes, c.scores, c.iou_max)).toEqual(c.kept);
  });
});
