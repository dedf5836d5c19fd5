import type { Release } from '@collimator/shared/contracts/release';
import { sopClasses } from '@collimator/shared/dicom/uids';
import type { RawElement } from '../../decode/raw-element.ts';
import type { SliceHeader } from '../../decode/slice-header.ts';
import type { Vector } from '../../decode/vector.ts';
import { text, uid } from '../elements/element.ts';
import type { MeasurementReportInput } from '../report/report.ts';
import type { ResultContext, ResultUids } from '../result-context.ts';

// What tests of results share: a release with two segments, and sources without files.

const sha = (digit: string): string => digit.repeat(64);
const file = (digit: string): Release['files'][string] => ({
  sha256: sha(digit),
  bytes: 1,
  chunks: [{ offset: 0, length: 1, encoding: 'identity', sha256: sha(digit) }],
});
const tensor = (name: string): Release['stages'][number]['inputs'][number] => ({
  name,
  dtype: 'float32',
  layout: 'NHWC',
  shape: ['batch', 64, 64, 1],
});
const anatomy = { scheme: 'SCT', code: '123037004', meaning: 'Anatomical structure' };

export const exampleRelease: Release = {
  schema: 'collimator.release/1',
  name: 'brain-mask-t1',
  version: '1.0.0',
  task: 'segmentation',
  title: 'Brain mask on T1-weighted MR',
  intended_use: 'Demonstration; not for diagnosis.',
  research_use_only: true,
  created: '2026-11-23T15:00:00Z',
  selector: { modality: ['MR'] },
  priority: 'routine',
  stages: [
    {
      name: 'segment',
      model: 'model.onnx',
      unit: 'slice',
      inputs: [tensor('image')],
      batch_sizes: [1],
      preprocessing: [{ op: 'modality-lut' }],
      outputs: [tensor('logits')],
      postprocessing: [{ op: 'threshold', at: 0.5 }],
      segments: [
        { number: 1, label: 'Brain', category: anatomy, type: { scheme: 'SCT', code: '12738006', meaning: 'Brain' } },
        { number: 2, label: 'Skull', category: anatomy, type: { scheme: 'SCT', code: '89546000', meaning: 'Skull' } },
      ],
      measurements: [{ kind: 'volume', segment: 1, unit: 'mL' }],
    },
  ],
  device: { providers: ['cpu'], memory_bytes_min: 0, opset: 17 },
  golden: { cases: 1, tolerance_abs: 0.0001 },
  reference: { file: 'reference.json', studies: 1 },
  evaluation: { dataset: 'example', note: 'example', metrics: {} },
  provenance: { engine: 'tfjs', run: 'r-1', dataset: 'example', code: 'example', seed: 1 },
  files: { 'model.onnx': file('a'), 'reference.json': file('b') },
};

export const exampleUids: ResultUids = { seg: '2.25.101', segSeries: '2.25.102', sr: '2.25.103', srSeries: '2.25.104' };

export const exampleSubject: readonly RawElement[] = [
  text(0x00080005, 'CS', 'ISO_IR 100'),
  text(0x00080020, 'DA', '20261123'),
  text(0x00100010, 'PN', 'Anonymous^Subject'),
  text(0x00100020, 'LO', 'DEMO-0001'),
  uid(0x0020000d, '2.25.1'),
  uid(0x00200052, '2.25.3'),
];

export const exampleContext = (subject: readonly RawElement[] = exampleSubject): ResultContext => ({
  now: new Date('2026-11-23T19:00:00.125Z'),
  device: { id: 'edge-0001', softwareVersion: '0.1.0' },
  release: exampleRelease,
  releaseSha256: sha('c'),
  subject,
});

/** The finding of a segment of which only the volume was measured. */
export const volumeFinding = (volume_mL: number, segment = 1): MeasurementReportInput['findings'][number] => ({
  segment,
  values: [{ kind: 'volume', value: volume_mL }],
  region: undefined,
});

export type ExampleGrid = {
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
  readonly origin_mm: Vector;
  readonly rowCosines: Vector;
  readonly columnCosines: Vector;
  readonly step_mm: Vector;
  readonly spacing_mm: { readonly rows: number; readonly columns: number };
};

/** The headers of a series on a regular grid, in the order of the grid. */
export function exampleSources(grid: ExampleGrid): readonly SliceHeader[] {
  return Array.from(
    { length: grid.slices },
    (_, i): SliceHeader => ({
      sopClassUid: sopClasses.mrImage,
      sopInstanceUid: `2.25.1000${i}`,
      studyInstanceUid: '2.25.1',
      seriesInstanceUid: '2.25.2',
      frameOfReferenceUid: '2.25.3',
      transferSyntaxUid: '1.2.840.10008.1.2.1',
      modality: 'MR',
      instanceNumber: i + 1,
      sliceThickness_mm: 1,
      format: {
        rows: grid.rows,
        columns: grid.columns,
        samplesPerPixel: 1,
        frames: 1,
        photometric: 'MONOCHROME2',
        bitsAllocated: 16,
        bitsStored: 12,
        highBit: 11,
        signed: false,
        planarConfiguration: 0,
        sampleKind: 'integer',
      },
      slope: 1,
      intercept: 0,
      geometry: {
        position_mm: [0, 1, 2].map(
          (axis) => (grid.origin_mm[axis] as number) + i * (grid.step_mm[axis] as number),
        ) as unknown as Vector,
        rowCosines: grid.rowCosines,
        columnCosines: grid.columnCosines,
        spacing_mm: grid.spacing_mm,
      },
      lossy: undefined,
      patientKey: 'one',
    }),
  );
}
