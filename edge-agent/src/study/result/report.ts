import { sopClasses } from '@collimator/shared/dicom/uids';
import { dcm } from './code.ts';
import type { ContentItem } from './content-item.ts';
import { imageGroup, segmentGroup, type VolumeMeasurement } from './measurement-group.ts';
import { identification } from './qualitative-evaluations.ts';
import { type ReportInput, reportFile } from './report-document.ts';
import { type ResultUids, resultStage } from './result-context.ts';

export type MeasurementReportInput = ReportInput & {
  /** The segmentation that was measured, made with the same release for the same sources. */
  readonly uids: ResultUids;
  /** Whether the segmentation is an object of its own; a report never refers to one that nobody has. */
  readonly segmentationMade: boolean;
  readonly measurements: readonly VolumeMeasurement[];
};

/**
 * An imaging measurement report (PS3.16 TID 1500) as a Part 10 file: one measurement group for each segment that was
 * measured. The same input gives the same bytes.
 *
 * @throws RangeError for no source, or a segment that the release does not declare
 */
export function buildReport(input: MeasurementReportInput): Uint8Array {
  const { sources, uids, measurements, release, segmentationMade } = input;
  if (sources.length === 0) throw new RangeError('a measurement report needs a source');
  const { segments } = resultStage(release);
  const stray = measurements.find(({ segment }) => !segments.some(({ number }) => number === segment));
  if (stray !== undefined) throw new RangeError(`segment ${stray.segment} is not declared`);
  const groups = segments
    .map((segment) => ({ segment, own: measurements.filter((measurement) => measurement.segment === segment.number) }))
    .filter(({ own }) => own.length > 0)
    .map(({ segment, own }) => {
      const measured = { segment, volumes_ml: own.map((one) => one.volume_ml), sources, segUid: uids.seg };
      return segmentationMade ? segmentGroup(measured, input) : imageGroup(measured, input);
    });
  const findings: ContentItem = {
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
  return reportFile(input, [findings, identification(input)], segmentationMade ? [segmentation] : []);
}
