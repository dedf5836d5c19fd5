import { dcm } from '../elements/code.ts';
import type { ContentItem } from '../elements/content-item.ts';
import { identification, type Stated } from './qualitative-evaluations.ts';
import { type ReportInput, reportFile } from './report-document.ts';
import { type ValueGroup, valueGroup } from './value-group.ts';

export type ValueReportInput = ReportInput & {
  readonly groups: readonly ValueGroup[];
  readonly stated?: readonly Stated[];
};

/**
 * An imaging measurement report (PS3.16 TID 1500) of numbers and coded statements without a segmentation:
 * classification, detection and regression. The same input gives the same bytes.
 */
export function buildValueReport(input: ValueReportInput): Uint8Array {
  const measurements: ContentItem = {
    relationship: 'CONTAINS',
    concept: dcm('126010', 'Imaging Measurements'),
    value: { type: 'CONTAINER' },
    children: input.groups.map((group) => valueGroup(group, input.sources, input)),
  };
  const rows = input.groups.length === 0 ? [] : [measurements];
  return reportFile(input, [...rows, identification(input, input.stated)], []);
}
