import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keySlices } from '@collimator/edge-agent/study/measure/key-slices';
import { outlinesOf } from '@collimator/edge-agent/study/measure/outlines';
import { segmentFindings, statementFindings } from '@collimator/edge-agent/study/measure/segment-findings';
import { buildParametricMap } from '@collimator/edge-agent/study/result/image/parametric-map';
import { buildPresentationState } from '@collimator/edge-agent/study/result/image/presentation-state';
import { buildReport } from '@collimator/edge-agent/study/result/report/report';
import { type ResultContext, resultStage } from '@collimator/edge-agent/study/result/result-context';
import { buildSecondaryCapture } from '@collimator/edge-agent/study/result/image/secondary-capture';
import { buildSegmentation, FRACTION_MAX } from '@collimator/edge-agent/study/result/image/segmentation';
import { exampleContext, exampleUids } from '@collimator/edge-agent/study/result/testing/example-input';
import { windowOf } from '@collimator/edge-agent/study/result/image/window';
import type { Release } from '@collimator/shared/contracts/release';
import type { RawElement } from '@collimator/edge-agent/study/decode/raw-element';
import type { TestSeries } from './series.ts';

const yes = { scheme: 'SCT', code: '52101004', meaning: 'Present' };
const no = { scheme: 'SCT', code: '2667000', meaning: 'Absent' };

/** The example release with everything that a stage can declare. */
export function fullRelease(release: Release): Release {
  const stage = resultStage(release);
  const kinds = [
    { kind: 'volume', unit: 'mL' },
    { kind: 'area', unit: 'mm2' },
    { kind: 'diameter-longest', unit: 'mm' },
    { kind: 'diameter-perpendicular', unit: 'mm' },
    { kind: 'intensity-mean', unit: 'source' },
    { kind: 'intensity-min', unit: 'source' },
    { kind: 'intensity-max', unit: 'source' },
    { kind: 'intensity-std', unit: 'source' },
  ] as const;
  const anatomy = { scheme: 'SCT', code: '69536005', meaning: 'Head' };
  return {
    ...release,
    stages: [
      {
        ...stage,
        segments: stage.segments.map((segment) => ({ ...segment, anatomy })),
        measurements: [1, 2].flatMap((segment) => kinds.map((one) => ({ ...one, segment }))),
        statements: [
          {
            concept: { scheme: 'SCT', code: '246112005', meaning: 'Severity' },
            segment: 1,
            volume_mL_min: 1,
            present: yes,
            absent: no,
          },
        ],
      },
    ],
  };
}

/** Two segments that overlap, as binary masks: bright, and not very bright. */
export function twoMasks({ slices }: TestSeries): readonly { readonly segment: number; readonly voxels: Uint8Array }[] {
  const size = slices[0]?.pixels.length ?? 0;
  const where = (marked: (value: number) => boolean): Uint8Array => {
    const mask = new Uint8Array(slices.length * size);
    slices.forEach((slice, s) => {
      for (let i = 0; i < size; i++) mask[s * size + i] = marked(slice.pixels[i] as number) ? 1 : 0;
    });
    return mask;
  };
  return [
    { segment: 1, voxels: where((value) => value > 100) },
    { segment: 2, voxels: where((value) => value > 60 && value < 140) },
  ];
}

/** A number between 0 and 1 for each voxel. */
export const exampleProbabilities = ({ slices }: TestSeries): Float32Array[] =>
  slices.map(({ pixels }) => Float32Array.from(pixels, (value) => Math.min(1, value / 255)));

/** One file of each kind, by name, in the folder of the series. */
export async function writeResults(
  series: TestSeries,
  subject: readonly RawElement[] = series.subject,
  prefix = '',
  more: Partial<ResultContext> = {},
) {
  const context = { ...exampleContext(subject), uids: exampleUids, ...more };
  const release = fullRelease(context.release);
  const input = { ...context, release, sources: series.volume.slices, geometry: series.volume.geometry };
  const masks = twoMasks(series);
  const stage = resultStage(release);
  const findings = await segmentFindings(stage, masks, series.volume.geometry, (i) =>
    Promise.resolve(series.slices[i] as (typeof series.slices)[number]),
  );
  const [finding] = findings as [(typeof findings)[number]];
  const statements = statementFindings(stage, findings);
  const { rows, columns } = series.volume.geometry;
  const size = rows * columns;
  const [first] = masks as [(typeof masks)[number]];
  const [key = 0] = keySlices(first.voxels, size, 1);
  const probabilities = exampleProbabilities(series);
  const fractions = new Uint8Array(first.voxels.length);
  probabilities.forEach((plane, s) =>
    plane.forEach((value, i) => (fractions[s * size + i] = Math.round(value * FRACTION_MAX))),
  );
  const segment = stage.segments[0] as (typeof stage.segments)[number];
  const images = series.slices.map((slice, at) => ({
    source: series.volume.slices[at] as (typeof series.volume.slices)[number],
    window: windowOf(slice, slice.header),
    outlines: outlinesOf({ pixels: first.voxels.subarray(at * size, (at + 1) * size), rows, columns }).map(
      (outline) => ({
        segment,
        outline,
      }),
    ),
  }));
  const report = { ...input, segmentationMade: true, findings, statements };
  const source = series.volume.slices[key] as (typeof series.volume.slices)[number];
  const slice = series.slices[key] as (typeof series.slices)[number];
  const files = {
    seg: buildSegmentation({ ...input, masks }),
    probability: buildSegmentation({ ...input, masks: [{ segment: 1, voxels: fractions }], fractional: 'PROBABILITY' }),
    occupancy: buildSegmentation({ ...input, masks: [{ segment: 1, voxels: fractions }], fractional: 'OCCUPANCY' }),
    sr: buildReport(report),
    // PixelMed's validator settles on one template for all groups of a report, so it sees each kind of group by itself.
    whole: buildReport({ ...report, findings: [{ ...finding, region: undefined }] }),
    planar: buildReport({ ...report, findings: [{ ...finding, values: [] }] }),
    'planar-3d': buildReport({ ...report, kind: 'comprehensive-3d', findings: [{ ...finding, values: [] }] }),
    'sr-3d': buildReport({ ...report, kind: 'comprehensive-3d' }),
    sc: buildSecondaryCapture({
      ...input,
      uids: { sc: '2.25.301', scSeries: '2.25.302' },
      ...{ number: 1, source, slice },
      masks: masks.map(({ voxels }) => voxels.subarray(key * size, (key + 1) * size)),
    }),
    gsps: buildPresentationState({ ...input, uids: { pr: '2.25.303', prSeries: '2.25.304' }, images }),
    pm: buildParametricMap({
      ...input,
      uids: { pm: '2.25.305', pmSeries: '2.25.306' },
      ...{ segment, values: probabilities },
    }),
  };
  const paths = Object.fromEntries(
    Object.entries(files).map(([name, bytes]) => {
      const path = join(series.folder, `${prefix}${name}.dcm`);
      writeFileSync(path, bytes);
      return [name, path];
    }),
  ) as Record<keyof typeof files, string>;
  return { paths, findings, masks, fractions, probabilities, key };
}
