import type { BoxClass, DetectionStage } from '@collimator/shared/contracts/release';
import type { Box } from '@collimator/shared/imaging/boxes';
import type { SliceGeometry, SliceHeader } from '../../../../decode/slice-header.ts';
import type { Outline } from '../../../../measure/outlines.ts';
import type { RegionFrame } from '../../../../result/report/region-item.ts';
import { reportClasses } from '../../../../result/report/report-document.ts';
import { pixelUnit, valueConcepts } from '../../../../result/report/value-concepts.ts';
import type { NamedValue, ValueGroup } from '../../../../result/report/value-group.ts';
import { buildValueReport } from '../../../../result/report/value-report.ts';
import type { Finding } from '../tasks/detect.ts';
import { type Drawn, putAnnotations, putKeyImages } from './drawn-images.ts';
import { identity, type Made, putStatus, type ResultInput, type ResultWriter } from './result-writer.ts';

/** A report with the region of each finding on the slice of its best box, and images with the boxes drawn. */
export async function putDetection(
  input: ResultInput,
  stage: DetectionStage,
  findings: readonly Finding[],
  writer: ResultWriter,
): Promise<Made> {
  const { job, context, images } = input;
  if (findings.length === 0) {
    const reason = 'The algorithm ran and marked nothing';
    await putStatus(input, { outcome: 'no-finding', reason, stated: [] }, writer);
    return { outcome: 'no-finding', maskVoxels: 0, volume_mL: 0 };
  }
  if (job.objects.includes('SR')) {
    const { uids, style, predecessors = [] } = job;
    const groups = findings.map((finding, i) => groupOf(finding, i, stage, input));
    const report = { ...context, uids, predecessors, sources: images.slices, groups, kind: style.report };
    await writer.put('SR', identity(reportClasses[style.report], uids.sr, uids.srSeries), buildValueReport(report));
  }
  const drawn = drawnOf(findings, stage, input);
  const key = [...new Set(findings.map(({ best }) => best.slice))].slice(0, job.style.keyImages.most);
  if (job.objects.includes('SC'))
    await putKeyImages(
      input,
      key.sort((a, b) => a - b),
      drawn,
      writer,
    );
  if (job.objects.includes('GSPS')) await putAnnotations(input, drawn, writer);
  return { outcome: 'measured', maskVoxels: 0, volume_mL: 0 };
}

const classOf = ({ classes }: Pick<DetectionStage, 'classes'>, { kind }: Finding): BoxClass => {
  const its = classes[kind];
  if (its === undefined) throw new RangeError(`class ${kind} is not declared`);
  return its;
};

const outlineOf = ({ x1, y1, x2, y2 }: Box): Outline => [
  { column: x1, row: y1 },
  { column: x2, row: y1 },
  { column: x2, row: y2 },
  { column: x1, row: y2 },
];

function groupOf(finding: Finding, at: number, stage: DetectionStage, { job, images }: ResultInput): ValueGroup {
  const its = classOf(stage, finding);
  const { slice, box, score } = finding.best;
  const image = images.slices[slice] as SliceHeader;
  const { geometry, frameOfReferenceUid } = image;
  const outline = outlineOf(box);
  const inSpace =
    job.style.report === 'comprehensive-3d' && geometry !== undefined && frameOfReferenceUid !== undefined;
  const region: RegionFrame = inSpace
    ? { outline, image, space: { geometry, frameOfReferenceUid } }
    : { outline, image };
  return {
    ...{
      label: `${its.label} ${at + 1}`,
      key: `box ${its.number} ${at + 1}`,
      finding: its.type,
      images: [image],
      region,
    },
    ...(its.anatomy !== undefined && { anatomy: its.anatomy }),
    values: [
      { ...valueConcepts.score, value: score },
      ...sidesOf(box, images.geometry?.spacing_mm ?? image.calibrated_mm),
    ],
  };
}

type Size = Pick<SliceHeader['format'], 'rows' | 'columns'>;

/** In mm where it is known what a pixel is of the patient, else in pixels. */
function sidesOf(box: Box, spacing_mm: SliceGeometry['spacing_mm'] | undefined): readonly NamedValue[] {
  const [width, height] = [box.x2 - box.x1, box.y2 - box.y1];
  if (spacing_mm === undefined)
    return [
      { ...valueConcepts.width, unit: pixelUnit, value: width },
      { ...valueConcepts.height, unit: pixelUnit, value: height },
    ];
  return [
    { ...valueConcepts.width, value: width * spacing_mm.columns },
    { ...valueConcepts.height, value: height * spacing_mm.rows },
  ];
}

/** Every box of every finding, by slice. A mask is made when it is painted: there may be thousands of boxes. */
export function drawnOf(
  findings: readonly Finding[],
  stage: Pick<DetectionStage, 'classes'>,
  { images }: { readonly images: { readonly slices: readonly { readonly format: Size }[] } },
): readonly Drawn[] {
  const boxes = findings.flatMap((finding) =>
    finding.boxes.map(({ slice, box }) => ({ slice, box, segment: classOf(stage, finding) })),
  );
  const slices = [...new Set(boxes.map(({ slice }) => slice))].sort((a, b) => a - b);
  return slices.map((slice) => {
    const its = boxes.filter((one) => one.slice === slice);
    const { rows, columns } = (images.slices[slice] as { readonly format: Size }).format;
    return {
      slice,
      masks: {
        *[Symbol.iterator]() {
          for (const { box } of its) yield filled(box, rows, columns);
        },
      },
      outlines: its.map(({ box, segment }) => ({ segment, outline: outlineOf(box) })),
    };
  });
}

function filled({ x1, y1, x2, y2 }: Box, rows: number, columns: number): Uint8Array {
  const mask = new Uint8Array(rows * columns);
  const [left, right] = [Math.max(0, Math.floor(x1)), Math.min(columns, Math.ceil(x2))];
  for (let row = Math.max(0, Math.floor(y1)); row < Math.min(rows, Math.ceil(y2)); row++)
    mask.fill(1, row * columns + left, row * columns + right);
  return mask;
}
