import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSliceReader } from '@collimator/edge-agent/study/decode/slice-reader';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeMrSeries } from '../../fixtures/mr-series/make-series.ts';
import { readAxialSeries } from '../../fixtures/mr-series/volume.ts';
import { block, makeTestSeries, must, t1Volume, type TestSeries } from './series.ts';
import { dciodvfy, pydicom, runTool } from './tools.ts';

const digests = `
import sys, json, hashlib, pydicom
print(json.dumps([hashlib.sha256(pydicom.dcmread(f).PixelData).hexdigest() for f in sys.argv[1:]]))
`;

describe('the MR series of the demo', () => {
  let series: TestSeries;
  beforeAll(async () => {
    series = await makeTestSeries();
  });
  afterAll(() => series.remove());

  it.each(['explicit', 'jpegls'] as const)('has no error by dciodvfy (%s)', async (syntax) => {
    for (const file of series.files[syntax]) expect(await dciodvfy(file)).toMatchObject({ exit: 0, errors: [] });
  });

  it('holds the voxels of the volume, in both transfer syntaxes', async () => {
    const wanted = readAxialSeries(t1Volume).slices.slice(block.first, block.first + block.count);
    const reader = await createSliceReader();
    for (const [i, slice] of wanted.entries())
      for (const syntax of ['explicit', 'jpegls'] as const) {
        const { pixels } = must(await reader.readSlice(series.files[syntax][i] as string));
        expect(Buffer.from(pixels.buffer).equals(Buffer.from(slice.slice().buffer))).toBe(true);
      }
  });

  it('gives pydicom the same pixels, JPEG-LS by way of dcmdjpls', async () => {
    const plain = await Promise.all(
      series.files.jpegls.map(async (file, i) => {
        const out = join(series.folder, `decoded-${i}.dcm`);
        expect(await runTool('dcmdjpls', [file, out])).toEqual({ exit: 0, output: '' });
        return out;
      }),
    );
    expect(await pydicom(digests, ...plain)).toEqual(await pydicom(digests, ...series.files.explicit));
  });

  it('lies where the volume lies: one millimetre a voxel, feet to head, in LPS', () => {
    expect(series.volume.geometry).toMatchObject({
      origin_mm: [-90, -91, -31 + block.first],
      step_mm: [0, 0, 1],
      rowCosines: [1, 0, 0],
      columnCosines: [0, 1, 0],
      voxel_mm3: 1,
    });
  });

  it('is the same bytes each time, and another study for another seed', async () => {
    const again = (seed?: string) =>
      writeMrSeries({
        volume: t1Volume,
        out: join(series.folder, `again-${seed ?? ''}`),
        block: { ...block, count: 1 },
        ...(seed === undefined ? {} : { seed }),
      });
    const bytes = (file: string | undefined): Buffer => readFileSync(file as string);
    const [same, other] = [await again(), await again('2')];
    for (const syntax of ['explicit', 'jpegls'] as const)
      expect(bytes(same[syntax][0]).equals(bytes(series.files[syntax][0]))).toBe(true);
    const reader = await createSliceReader();
    const [header] = must(await reader.readHeaders(other.explicit[0] as string));
    expect(header?.studyInstanceUid).not.toBe(series.slices[0]?.header.studyInstanceUid);
  });
});
