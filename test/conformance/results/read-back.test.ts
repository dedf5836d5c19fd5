import { createHash } from 'node:crypto';
import { placeOf } from '@collimator/edge-agent/study/result/report/region-item';
import type { SegmentFinding } from '@collimator/edge-agent/study/measure/segment-findings';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeResults } from './example-results.ts';
import { type ReadBack, readBack } from './highdicom.ts';
import { makeTestSeries, type TestSeries } from './series.ts';

const sha256 = (...pieces: readonly Uint8Array[]): string => {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
};
const bytesOf = (plane: Float32Array): Uint8Array => new Uint8Array(plane.buffer, plane.byteOffset, plane.byteLength);

/** Names and units of the values, by kind, for an MR series. */
const said: Readonly<Record<string, readonly [string, string | null, string]>> = {
  volume: ['Volume', null, 'mL'],
  area: ['Area', null, 'mm2'],
  'diameter-longest': ['Long Axis', null, 'mm'],
  'diameter-perpendicular': ['Short Axis', null, 'mm'],
  'intensity-mean': ['MR signal intensity', '373098007', '1'],
  'intensity-min': ['MR signal intensity', '255605001', '1'],
  'intensity-max': ['MR signal intensity', '56851009', '1'],
  'intensity-std': ['MR signal intensity', '386136009', '1'],
};
const expected = (values: SegmentFinding['values']) =>
  values.map(({ kind, value }) => {
    const [name, derivation, unit] = said[kind] as readonly [string, string | null, string];
    return [name, derivation, expect.closeTo(value, 9), unit];
  });

describe('highdicom and pydicom read back what was put in', () => {
  let series: TestSeries;
  let results: Awaited<ReturnType<typeof writeResults>>;
  let read: ReadBack;
  beforeAll(async () => {
    series = await makeTestSeries();
    results = await writeResults(series);
    read = await readBack(series.folder, series.files.explicit);
    // The first time brings highdicom here.
  }, 300_000);
  afterAll(() => series.remove());

  it('segmentations: every pixel of every segment, overlapping ones too, on its source image', () => {
    expect(read.seg).toMatchObject({
      ...{ type: 'BINARY', segments: [1, 2], overlap: 'YES', labels: ['Brain', 'Skull'] },
      ...{ types: ['12738006', '89546000'], anatomy: ['69536005', '69536005'] },
      sha256: results.masks.map(({ voxels }) => sha256(voxels)),
    });
    for (const kind of ['probability', 'occupancy'] as const)
      expect(read[kind]).toMatchObject({
        ...{ type: 'FRACTIONAL', fractional: kind.toUpperCase() },
        sha256: [sha256(results.fractions)],
      });
  });

  it.each(['sr', 'sr-3d'] as const)('reports: the measurements with their units and tracking UIDs (%s)', (kind) => {
    const report = read[kind];
    expect(report.class).toBe(kind === 'sr' ? 'ComprehensiveSR' : 'Comprehensive3DSR');
    expect(report.volumetric.map((group) => group.measurements)).toEqual(
      results.findings.map(({ values }) => expected(values)),
    );
    expect(report.planar.map((group) => group.measurements)).toEqual(
      results.findings.map(({ region }) => expected(region?.values ?? [])),
    );
    for (const groups of [report.volumetric, report.planar]) {
      expect(groups.map(({ tracking }) => tracking)).toEqual(read.seg.tracking);
      expect(groups.map(({ finding, sites }) => [finding, sites])).toEqual([
        ['12738006', ['69536005']],
        ['89546000', ['69536005']],
      ]);
    }
  });

  it.each(['sr', 'sr-3d'] as const)('reports: the outlines of the regions (%s)', (kind) => {
    for (const [i, { region }] of results.findings.entries()) {
      const { outline = [], slice = 0 } = region ?? {};
      const [start] = outline as [(typeof outline)[number]];
      const geometry = series.slices[slice]?.geometry;
      if (geometry === undefined) throw new Error('no geometry');
      const first = kind === 'sr' ? [start.column, start.row] : placeOf(start, geometry);
      expect(read[kind].planar[i]).toMatchObject({
        graphic: kind === 'sr' ? 'POLYLINE' : 'POLYGON',
        points: outline.length + 1,
        closed: true,
        first: first.map((value) => expect.closeTo(value, 3)),
      });
    }
  });

  it('the parametric map: every value, in order', () => {
    const { rows, columns, slices } = series.volume.geometry;
    expect(read.pm).toEqual({
      ...{ shape: [slices, rows, columns], unit: '1', quantity: 'probability', frame_of_reference: true },
      sha256: sha256(...results.probabilities.map(bytesOf)),
    });
  });

  it('the secondary capture: colour, of the slice with the largest area', () => {
    const { rows, columns } = series.volume.geometry;
    expect(read.sc).toMatchObject({ shape: [rows, columns, 3], source: results.key, annotation: 'NO' });
  });

  it('the presentation state: outlines that enclose as many pixels as are marked', () => {
    const size = series.volume.geometry.rows * series.volume.geometry.columns;
    const [first] = results.masks as [(typeof results.masks)[number]];
    const counts = series.slices.map((_, s) =>
      first.voxels.subarray(s * size, (s + 1) * size).reduce((sum, value) => sum + value, 0),
    );
    expect(read.gsps).toEqual({
      closed: true,
      areas: Object.fromEntries(counts.map((count, s) => [String(s), count])),
    });
  });

  it('all of them: whose they are', () => {
    for (const subject of Object.values(read.subjects)) expect(subject).toEqual(read.subject);
  });
});
