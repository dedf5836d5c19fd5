import type { StatementFinding } from '../../measure/segment-findings.ts';
import { type Outcome, outcomeEvaluation, type Stated, statedOf } from './qualitative-evaluations.ts';
import { type ReportInput, reportFile } from './report-document.ts';

export type StatusReportInput = ReportInput & {
  readonly outcome: Outcome;
  /** For a person to read; names no patient. */
  readonly reason: string;
  readonly statements?: readonly StatementFinding[];
  readonly stated?: readonly Stated[];
};

/**
 * A report (PS3.16 TID 1500) that says why there is no measurement, so that the PACS can tell a study without a
 * finding from one that was never seen. The same input gives the same bytes.
 */
export const buildStatusReport = (input: StatusReportInput): Uint8Array =>
  reportFile(
    input,
    [outcomeEvaluation(input.outcome, input.reason, input, [...statedOf(input.statements), ...(input.stated ?? [])])],
    [],
  );
