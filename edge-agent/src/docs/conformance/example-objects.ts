import type { Release, Segment } from '@collimator/shared/contracts/release';
import type { ReportKind } from '@collimator/shared/contracts/agent-config';
import type { VolumeGeometry } from '../../study/decode/volume.ts';
import type { MeasuredValue } from '../../study/measure/segment-findings.ts';
import { buildParametricMap } from '../../study/result/image/parametric-map.ts';
import { buildPresentationState } from '../../study/result/image/presentation-state.ts';
import { buildRejectionNote } from '../../study/result/rejection-note.ts';
import { buildReport } from '../../study/result/report/report.ts';
import { buildSecondaryCapture } from '../../study/result/image/secondary-capture.ts';
import { buildSegmentation } from '../../study/result/image/segmentation.ts';
import { indeterminate, valueConcepts } from '../../study/result/report/value-concepts.ts';
import { buildValueReport } from '../../study/result/report/value-report.ts';
import { buildStatusReport } from '../../study/result/report/status-report.ts';
import { resultStage } from '../../study/result/result-context.ts';
import { text, uid } from '../../study/result/elements/element.ts';
import {
  type ExampleGrid,
  exampleContext,
  exampleRelease,
  exampleSources,
} from '../../study/result/testing/example-input.ts';

/** Each kind of object that we make, as the builders make it. */
export type ExampleObjects = {
  readonly segmentation: Uint8Array;
  readonly fractional: Uint8Array;
  readonly report: Uint8Array;
  readonly report3d: Uint8Array;
  readonly reportWithoutSegmentation: Uint8Array;
  readonly statusReport: Uint8Array;
  /** Of a classification, a detection and a regression: numbers and statements without a segmentation. */
  readonly classificationReport: Uint8Array;
  readonly detectionReport: Uint8Array;
  readonly regressionReport: Uint8Array;
  readonly secondaryCapture: Uint8Array;
  readonly presentationState: Uint8Array;
  readonly parametricMap: Uint8Array;
  readonly rejectionNote: Uint8Array;
};

const values: readonly MeasuredValue[] = [
  { kind: 'volume', value: 12.5 },
  { kind: 'intensity-mean', value: 100 },
];
const planar: readonly MeasuredValue[] = [
  { kind: 'area', value: 40 },
  { kind: 'diameter-longest', value: 9 },
  { kind: 'diameter-perpendicular', value: 5 },
];
const outline = [
  { column: 0.5, row: 0.5 },
  { column: 2.5, row: 0.5 },
  { column: 2.5, row: 2.5 },
];

/**
 * The objects of a made-up result. Two variants differ in everything that a result takes from its source, its release,
 * the appliance and the clock, so that what is the same in both is what we always write.
 */
export function exampleObjects(variant: 0 | 1): ExampleObjects {
  const grid: ExampleGrid = {
    slices: 2 + variant,
    rows: 3 + variant,
    columns: 4 + variant,
    origin_mm: [variant, 0, 0],
    rowCosines: variant === 0 ? [1, 0, 0] : [0, 1, 0],
    columnCosines: variant === 0 ? [0, 1, 0] : [0, 0, 1],
    step_mm: variant === 0 ? [0, 0, 2] : [3, 0, 0],
    spacing_mm: { rows: 1 + variant, columns: 1.5 + variant },
  };
  const { rows, columns, slices } = grid;
  const lossy = variant === 0 ? undefined : { ratios: ['10'], methods: ['ISO_10918_1'] };
  const rescale = variant === 0 ? {} : { modality: 'CT', slope: 2, intercept: -1024 };
  const photometric = variant === 0 ? 'MONOCHROME2' : 'MONOCHROME1';
  const sources = exampleSources(grid).map((source) => ({
    ...{ ...source, ...rescale, lossy, sliceThickness_mm: 1 + variant },
    format: { ...source.format, photometric },
  }));
  const release = releaseOf(variant);
  const context = {
    ...exampleContext([
      text(0x00080005, 'CS', 'ISO_IR 100'),
      text(0x00100010, 'PN', `Example^${variant}`),
      uid(0x0020000d, '2.25.1'),
      uid(0x00200052, '2.25.3'),
    ]),
    now: new Date(variant === 0 ? '2026-11-23T19:00:00.125Z' : '2027-01-02T08:30:59.5Z'),
    device: { id: `edge-000${variant + 1}`, softwareVersion: `0.1.${variant}` },
    release,
  };
  const id = (last: number): string => `2.25.${1 + variant}${last}`;
  const uids = { seg: id(101), segSeries: id(102), sr: id(103), srSeries: id(104) };
  const geometry: VolumeGeometry = {
    ...grid,
    spacing_mm: { slices: 2 + variant, ...grid.spacing_mm },
    voxel_mm3: 1,
  };
  const marked = Uint8Array.from({ length: slices * rows * columns }, (_, i) => i % 2);
  const masks = Array.from({ length: 1 + variant }, (_, i) => ({ segment: i + 1, voxels: marked }));
  const report = (segmentationMade: boolean, kind: ReportKind): Uint8Array =>
    buildReport({
      ...{ ...context, uids, sources, segmentationMade, kind },
      findings: [{ segment: 1, values, region: { slice: 0, outline, values: planar } }],
    });
  const [source] = sources as [(typeof sources)[number]];
  const slice = { pixels: Uint16Array.from({ length: rows * columns }, (_, i) => i), rows, columns };
  const segment = resultStage(release).segments[0] as Segment;
  return {
    segmentation: buildSegmentation({ ...context, uids, sources, geometry, masks }),
    fractional: buildSegmentation({ ...context, uids, sources, geometry, masks, fractional: 'PROBABILITY' }),
    report: report(true, 'comprehensive'),
    report3d: report(true, 'comprehensive-3d'),
    reportWithoutSegmentation: report(false, 'comprehensive'),
    statusReport: buildStatusReport({ ...context, uids, sources, outcome: 'no-finding', reason: 'Nothing was marked' }),
    classificationReport: buildValueReport({
      ...{ ...context, uids, sources },
      groups: [
        {
          ...{ label: 'Class', key: 'class', finding: segment.type, images: sources },
          values: [{ ...valueConcepts.probability, value: 0.75 }],
        },
      ],
      stated: [{ concept: segment.type, value: indeterminate }],
    }),
    detectionReport: buildValueReport({
      ...{ ...context, uids, sources },
      groups: [
        {
          ...{
            label: 'Box 1',
            key: 'box',
            finding: segment.type,
            images: [source],
            region: { outline, image: source },
          },
          values: [
            { ...valueConcepts.score, value: 0.75 },
            { ...valueConcepts.width, value: 9 },
            { ...valueConcepts.height, value: 5 },
          ],
        },
      ],
    }),
    regressionReport: buildValueReport({
      ...{ ...context, uids, sources },
      groups: [
        {
          ...{ label: 'Value', key: 'value', images: sources },
          values: [{ concept: segment.type, unit: { scheme: 'UCUM', code: 'mL', meaning: 'mL' }, value: 12.5 }],
        },
      ],
    }),
    secondaryCapture: buildSecondaryCapture({
      ...{ ...context, source, slice, number: 1 + variant },
      uids: { sc: id(105), scSeries: id(106) },
      masks: [marked.subarray(0, rows * columns)],
    }),
    presentationState: buildPresentationState({
      ...context,
      uids: { pr: id(107), prSeries: id(108) },
      images: [{ source, window: { center: 5 + variant, width: 10 + variant }, outlines: [{ segment, outline }] }],
    }),
    parametricMap: buildParametricMap({
      ...{ ...context, sources, geometry, segment },
      uids: { pm: id(109), pmSeries: id(110) },
      values: Array.from({ length: slices }, () => new Float32Array(rows * columns)),
    }),
    rejectionNote: buildRejectionNote({
      ...context,
      uids: { kos: id(111), kosSeries: id(112) },
      reason: variant === 0 ? 'quality' : 'worklist',
      rejected: [
        { sopClassUid: '1.2.840.10008.5.1.4.1.1.66.4', sopInstanceUid: uids.seg, seriesInstanceUid: uids.segSeries },
      ],
      description: 'The images that these results were made of were rejected by their source',
    }),
  };
}

function releaseOf(variant: 0 | 1): Release {
  if (variant === 0) return exampleRelease;
  return { ...exampleRelease, name: 'other-model', version: '2.1.0', title: 'Another model', research_use_only: false };
}
