import type { RegressionStage } from '@collimator/shared/contracts/release';
import { aggregate } from '@collimator/shared/imaging/calibrate';
import { reportClasses } from '../../../../result/report/report-document.ts';
import type { ValueGroup } from '../../../../result/report/value-group.ts';
import { buildValueReport } from '../../../../result/report/value-report.ts';
import { aggregationDefault } from '../tasks/scores.ts';
import { identity, type Made, putStatus, type ResultInput, type ResultWriter } from './result-writer.ts';

/** The declared numbers, in their units. */
export const regress = (stage: RegressionStage, scores: readonly Float32Array[]): readonly number[] =>
  stage.values.map(({ scale, offset }, i) => {
    const outputs = scores.map((one) => one[i] as number);
    return scale * aggregate(outputs, stage.aggregation ?? aggregationDefault) + offset;
  });

/** A report of the numbers; none at all where one of them is not plausible. */
export async function putRegression(
  input: ResultInput,
  stage: RegressionStage,
  numbers: readonly number[],
  writer: ResultWriter,
): Promise<Made> {
  const { job, context, images } = input;
  const strange = stage.values.findIndex(({ range }, i) => {
    const value = numbers[i] as number;
    return range !== undefined && !(value >= range[0] && value <= range[1]);
  });
  if (strange >= 0) {
    const { label, unit, range } = stage.values[strange] as RegressionStage['values'][number];
    const value = (numbers[strange] as number).toPrecision(4);
    const reason = `${label} of ${value} ${unit.code} lies outside of ${range?.[0]} to ${range?.[1]}`;
    await putStatus(input, { outcome: 'abstained', reason, stated: [] }, writer);
    return { outcome: 'abstained', maskVoxels: 0, volume_mL: 0 };
  }
  if (job.objects.includes('SR')) {
    const { uids, style, predecessors = [] } = job;
    const groups = stage.values.map(
      ({ label, concept, unit, anatomy }, i): ValueGroup => ({
        ...{ label, key: `value ${label}`, images: images.slices },
        ...(anatomy !== undefined && { anatomy }),
        values: [{ concept, unit, value: numbers[i] as number }],
      }),
    );
    const report = { ...context, uids, predecessors, sources: images.slices, groups, kind: style.report };
    await writer.put('SR', identity(reportClasses[style.report], uids.sr, uids.srSeries), buildValueReport(report));
  }
  return { outcome: 'measured', maskVoxels: 0, volume_mL: 0 };
}
