import type { Segment } from '@collimator/shared/contracts/release';
import { sopClasses } from '@collimator/shared/dicom/uids';
import type { SliceHeader } from '../../decode/slice-header.ts';
import type { SegmentFinding, StatementFinding } from '../../measure/segment-findings.ts';
import { dcm } from '../elements/code.ts';
import type { ContentItem } from '../elements/content-item.ts';
import { imageGroup, type Measured, regionGroup, segmentGroup } from './measurement-group.ts';
import { identification, statedOf } from './qualitative-evaluations.ts';
import type { RegionFrame } from './region-item.ts';
import { type ReportInput, reportFile } from './report-document.ts';
import { type ResultUids, resultStage } from '../result-context.ts';

export type MeasurementReportInput = ReportInput & {
  /** The slices of the volume in its order; regions name them by index. */
  readonly sources: readonly SliceHeader[];
  /** The segmentation that was measured, made with the same release for the same sources. */
  readonly uids: ResultUids;
  /** Whether the segmentation is an object of its own; a report never refers to one that nobody has. */
  readonly segmentationMade: boolean;
  /** Of segments that have voxels. */
  readonly findings: readonly Pick<SegmentFinding, 'segment' | 'values' | 'region'>[];
  readonly statements?: readonly StatementFinding[];
};

/**
 * An imaging measurement report (PS3.16 TID 1500) as a Part 10 file: for each segment one group of what was measured of
 * all of it, and one of its region on the slice where most of it is marked. The same input gives the same bytes.
 *
 * @throws RangeError for no source, or a segment that the release does not declare
 */
export function buildReport(input: MeasurementReportInput): Uint8Array {
  const { sources, uids, findings, release, segmentationMade } = input;
  if (sources.length === 0) throw new RangeError('a measurement report needs a source');
  const { segments } = resultStage(release);
  const stray = findings.find(({ segment }) => !segments.some(({ number }) => number === segment));
  if (stray !== undefined) throw new RangeError(`segment ${stray.segment} is not declared`);
  const groups = segments.flatMap((segment) =>
    findings
      .filter((finding) => finding.segment === segment.number)
      .flatMap((finding) => groupsOf(segment, finding, input)),
  );
  const measurements: ContentItem = {
    relationship: 'CONTAINS',
    concept: dcm('126010', 'Imaging Measurements'),
    value: { type: 'CONTAINER' },
    children: groups,
  };
  const segmentation = {
    sopClassUid: sopClasses.segmentation,
    sopInstanceUid: uids.seg,
    seriesInstanceUid: uids.segSeries,
  };
  const rows = [measurements, identification(input, statedOf(input.statements))];
  return reportFile(input, rows, segmentationMade ? [segmentation] : []);
}

function groupsOf(
  segment: Segment,
  finding: MeasurementReportInput['findings'][number],
  input: MeasurementReportInput,
): readonly ContentItem[] {
  const { sources, uids, segmentationMade } = input;
  const measured: Measured = { segment, finding, sources, segUid: uids.seg };
  const { region } = finding;
  return [
    ...(finding.values.length === 0
      ? []
      : [segmentationMade ? segmentGroup(measured, input) : imageGroup(measured, input)]),
    ...(region === undefined ? [] : [regionGroup(measured, regionFrame(region, input), region.values, input)]),
  ];
}

function regionFrame(
  { slice, outline }: NonNullable<SegmentFinding['region']>,
  { sources, kind }: MeasurementReportInput,
): RegionFrame {
  const image = sources[slice];
  if (image === undefined) throw new RangeError(`a region on slice ${slice} of ${sources.length}`);
  const { geometry, frameOfReferenceUid } = image;
  return kind === 'comprehensive-3d' && geometry !== undefined && frameOfReferenceUid !== undefined
    ? { outline, image, space: { geometry, frameOfReferenceUid } }
    : { outline, image };
}
