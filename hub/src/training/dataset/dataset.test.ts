import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { isCoded } from '@collimator/shared/errors/coded-error';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { toAxial } from './axial-volume.ts';
import { datasetDigest } from './digest.ts';
import { loadDataset } from './load-dataset.ts';
import { type NiftiVolume, parseNifti } from './nifti.ts';
import { writeNifti } from './nifti-writer.ts';
import { splitByBlock } from './split.ts';

type Bytes = NiftiVolume & { readonly voxels: Uint8Array };
const identity = [
  [1, 0, 0, -10],
  [0, 2, 0, -20],
  [0, 0, 3, -30],
] as const;
const volume = (values: readonly number[], affine: NiftiVolume['affine'] = identity): Bytes => ({
  dims: [2, 2, 2],
  voxels: Uint8Array.from(values),
  slope: 1,
  intercept: 0,
  affine,
});
const eight = volume([0, 1, 2, 3, 4, 5, 6, 7]);

describe('NIfTI-1', () => {
  test('what the writer wrote, the reader reads', () => {
    expect(parseNifti(writeNifti(eight, 'test'))).toEqual({ ok: true, value: eight });
  });

  test.each([
    ['not a header', (b: Uint8Array) => b.fill(0, 0, 4), /sizeof_hdr/],
    ['header and image in two files', (b: Uint8Array) => b.set([110, 105, 49], 344), /single-file/],
    ['four dimensions', (b: Uint8Array) => b.set([4, 0, 2, 0, 2, 0, 2, 0, 5, 0], 40), /2×2×2×5/],
    ['no size', (b: Uint8Array) => b.set([0, 0], 42), /dim is 0×2×2/],
    ['complex numbers', (b: Uint8Array) => b.set([32, 0], 70), /datatype 32/],
    ['no orientation', (b: Uint8Array) => b.set([0, 0, 0, 0], 252), /no orientation/],
    ['no volume', (b: Uint8Array) => b.fill(0, 280, 296), /degenerate/],
  ] as const)('refuses %s', (_, damage, message) => {
    const bytes = writeNifti(eight, '');
    damage(bytes);
    const result = parseNifti(bytes);
    expect(result.ok ? '' : result.error).toMatch(message);
  });

  test('refuses a file that was cut, anywhere, and never throws on any bytes', () => {
    const bytes = writeNifti(eight, '');
    for (let length = 0; length < bytes.length; length++) expect(parseNifti(bytes.subarray(0, length)).ok).toBe(false);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 30 }), fc.nat(bytes.length - 30), (noise, at) => {
        const damaged = bytes.slice();
        damaged.set(noise, at);
        expect(typeof parseNifti(damaged).ok).toBe('boolean');
      }),
    );
  });

  test('the other byte order, and a qform that turns by half a circle about z', () => {
    const bytes = writeNifti(eight, '');
    const swapped = bytes.slice();
    const view = new DataView(swapped.buffer);
    view.setInt32(0, 348, false);
    for (let at = 40; at < 56; at += 2) view.setInt16(at, new DataView(bytes.buffer).getInt16(at, true), false);
    view.setInt16(70, 2, false);
    for (const at of [76, 80, 84, 88, 108, 112, 116])
      view.setFloat32(at, new DataView(bytes.buffer).getFloat32(at, true), false);
    view.setInt16(252, 1, false);
    view.setInt16(254, 0, false);
    [0, 0, 1, 5, 6, 7].forEach((value, i) => view.setFloat32(256 + 4 * i, value, false));
    const parsed = parseNifti(swapped);
    expect(parsed.ok && parsed.value.affine).toEqual([
      [-1, 0, 0, 5],
      [0, -2, 0, 6],
      [0, 0, 3, 7],
    ]);
  });
});

describe('axial order', () => {
  test('RAS files are mirrored into LPS: rows to the back, columns to the left, slices upwards', () => {
    const axial = toAxial(eight);
    expect(axial.ok && Array.from(axial.value.voxels)).toEqual([3, 2, 1, 0, 7, 6, 5, 4]);
    expect(axial.ok && axial.value.spacing).toEqual({ slices: 3, rows: 2, columns: 1 });
  });

  test('however a volume is stored, its axial form is the same', () => {
    // Stored axes are a permutation of the world's, each forwards or backwards.
    fc.assert(
      fc.property(
        fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
        fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
        (order, back) => {
          const world = [2, 3, 4];
          const dims = order.map((axis) => world[axis] as number) as [number, number, number];
          const affine = [0, 1, 2].map((w) => {
            const axis = order.indexOf(w);
            const row: [number, number, number, number] = [0, 0, 0, 0];
            row[axis] = back[axis] === true ? -1 : 1;
            return row;
          });
          const voxels = new Uint8Array(24);
          for (let k = 0, n = 0; k < dims[2]; k++)
            for (let j = 0; j < dims[1]; j++)
              for (let i = 0; i < dims[0]; i++, n++) {
                const at = [i, j, k].map((v, axis) => (back[axis] === true ? (dims[axis] as number) - 1 - v : v));
                const [x, y, z] = [0, 1, 2].map((w) => at[order.indexOf(w)] as number) as [number, number, number];
                voxels[n] = x + 2 * (y + 3 * z);
              }
          const axial = toAxial({ dims, voxels, slope: 1, intercept: 0, affine });
          const expected = Array.from({ length: 24 }, (_, n) => {
            const [c, r, s] = [n % 2, Math.floor(n / 2) % 3, Math.floor(n / 6)];
            return 1 - c + 2 * (2 - r + 3 * s);
          });
          expect(axial.ok && Array.from(axial.value.voxels)).toEqual(expected);
        },
      ),
    );
  });

  test('a volume turned by 45 degrees about two axes has no nearest order', () => {
    const oblique = toAxial(
      volume(
        [0, 1, 2, 3, 4, 5, 6, 7],
        [
          [1, 1, 0, 0],
          [0.9, -0.9, 0, 0],
          [0, 0, 1, 0],
        ],
      ),
    );
    expect(oblique.ok ? '' : oblique.error).toMatch(/oblique/);
  });
});

describe('split', () => {
  const items = [{ firstSlice: 40, slices: 90 }];
  const blocks = (validation: [number, number], test: [number, number]) => ({
    by: 'block' as const,
    validation: { slices: validation },
    test: { slices: test },
  });

  test('every slice is on exactly one side', () => {
    const split = splitByBlock(items, blocks([45, 55], [75, 105]));
    if (!split.ok) throw new Error(split.error.join());
    expect([split.value.train.length, split.value.validation.length, split.value.test.length]).toEqual([50, 10, 30]);
    const all = [...split.value.train, ...split.value.validation, ...split.value.test].map((ref) => ref.index);
    expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: 90 }, (_, i) => i));
    expect(split.value.test[0]).toEqual({ item: 0, index: 35 });
  });

  test('every problem is named at once', () => {
    const problems = (s: ReturnType<typeof blocks>): string => {
      const result = splitByBlock(items, s);
      return result.ok ? '' : result.error.join('; ');
    };
    expect(problems(blocks([45, 76], [75, 105]))).toMatch(/overlap/);
    expect(problems(blocks([55, 45], [20, 140]))).toMatch(/validation.*empty; .*test.*leaves item 0/);
    expect(problems(blocks([40, 80], [80, 130]))).toMatch(/no slice to train on/);
  });
});

describe('dataset folder', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dataset-'));
    writeFileSync(join(folder, 'LICENSE.txt'), 'free');
    writeFileSync(join(folder, 'image.nii.gz'), gzipSync(writeNifti(eight, '')));
    writeFileSync(join(folder, 'label.nii'), writeNifti(volume([0, 0, 0, 0, 1, 1, 1, 1]), ''));
    describeDataset({});
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function describeDataset(change: object): void {
    const file = {
      schema: 'collimator.dataset/1',
      name: 'tiny',
      version: '1',
      title: 'Eight voxels',
      modality: 'MR',
      orientation: 'axial',
      spacing_mm: { slices: 3, rows: 2, columns: 1 },
      licence: { spdx: 'CC0-1.0', file: 'LICENSE.txt' },
      items: [{ subject: 's1', image: 'image.nii.gz', label: 'label.nii' }],
    };
    writeFileSync(join(folder, 'dataset.json'), JSON.stringify({ ...file, ...change }));
  }
  const failure = async (): Promise<unknown> =>
    loadDataset(folder).then(
      () => undefined,
      (error: unknown) => error,
    );

  test('images and labels come in axial order, and the digest follows any byte', async () => {
    const first = await loadDataset(folder);
    expect(Array.from(first.items[0]?.image.voxels ?? [])).toEqual([3, 2, 1, 0, 7, 6, 5, 4]);
    expect(Array.from(first.items[0]?.label ?? [])).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    expect(first.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect((await loadDataset(folder)).digest).toBe(first.digest);
    writeFileSync(join(folder, 'LICENSE.txt'), 'Free');
    expect((await loadDataset(folder)).digest).not.toBe(first.digest);
  });

  test('what is wrong is said with its file', async () => {
    describeDataset({ items: [{ subject: 's1', image: '../image.nii.gz', label: 'label.nii' }], more: 1 });
    const invalid = await failure();
    expect(isCoded(invalid, 'dataset-invalid') && invalid.detail).toMatch(/items\[0\]\.image.*/);
    expect(isCoded(invalid) && invalid.detail).toMatch(/more is not a known key/);
    describeDataset({ spacing_mm: { slices: 3, rows: 2, columns: 1.5 } });
    const spacing = await failure();
    expect(isCoded(spacing, 'dataset-image-invalid') && spacing.detail).toMatch(
      /image\.nii\.gz: spacing between columns is 1 mm/,
    );
    describeDataset({});
    writeFileSync(join(folder, 'label.nii'), writeNifti(volume([0, 0, 0, 0, 1, 1, 1, 2]), ''));
    expect(isCoded(await failure(), 'dataset-image-invalid')).toBe(true);
    const gz = readFileSync(join(folder, 'image.nii.gz'));
    writeFileSync(join(folder, 'image.nii.gz'), gz.subarray(0, gz.length - 12));
    expect(isCoded(await failure(), 'dataset-image-invalid')).toBe(true);
    rmSync(join(folder, 'image.nii.gz'));
    expect(isCoded(await failure(), 'dataset-unreadable')).toBe(true);
  });

  test('the digest does not depend on the order of the listing, and on every part of it', () => {
    const a = { path: 'a', bytes: 1, sha256: '00' };
    const b = { path: 'b', bytes: 2, sha256: '11' };
    expect(datasetDigest([a, b])).toBe(datasetDigest([b, a]));
    for (const changed of [
      { ...b, path: 'c' },
      { ...b, bytes: 3 },
      { ...b, sha256: '12' },
    ])
      expect(datasetDigest([a, changed])).not.toBe(datasetDigest([a, b]));
  });
});
