import type { Code } from '@collimator/shared/contracts/release';
import type { StatementFinding } from '../../measure/segment-findings.ts';
import { dcm, own } from '../elements/code.ts';
import type { ContentItem } from '../elements/content-item.ts';
import { modelLines, RESEARCH_NOTICE } from '../notice.ts';
import type { ResultContext } from '../result-context.ts';

const QUALITATIVE_EVALUATIONS: Code = { scheme: 'UMLS', code: 'C0034375', meaning: 'Qualitative Evaluations' };

/**
 * What became of a study.
 * `no-finding`: the model ran and marked nothing. `abstained`: it ran and is too unsure to say anything.
 * `refused`: the images are not what the release takes. `failed`: the appliance could not finish.
 */
export type Outcome = 'no-finding' | 'abstained' | 'refused' | 'failed';

const outcomes: Readonly<Record<Outcome, Code>> = {
  'no-finding': own('no-finding', 'Nothing marked by the algorithm'),
  abstained: own('abstained', 'Abstained: no statement by the algorithm'),
  refused: own('refused', 'Refused: images not processed'),
  failed: own('failed', 'Failed: processing not completed'),
};

/** Which model a report speaks of, and the research notice, readable in every viewer. */
export const identification = (context: ResultContext, statements: readonly StatementFinding[] = []): ContentItem =>
  container([...statements.map(statementItem), ...identifyingItems(context)]);

/** The outcome with its reason, and which model it speaks of. */
export const outcomeEvaluation = (
  outcome: Outcome,
  reason: string,
  context: ResultContext,
  statements: readonly StatementFinding[] = [],
): ContentItem =>
  container([
    {
      relationship: 'CONTAINS',
      concept: own('outcome', 'Processing outcome'),
      value: { type: 'CODE', code: outcomes[outcome] },
    },
    { relationship: 'CONTAINS', concept: own('reason', 'Reason'), value: { type: 'TEXT', text: reason } },
    ...statements.map(statementItem),
    ...identifyingItems(context),
  ]);

const statementItem = ({ statement, holds }: StatementFinding): ContentItem => ({
  relationship: 'CONTAINS',
  concept: statement.concept,
  value: { type: 'CODE', code: holds ? statement.present : statement.absent },
});

const container = (children: readonly ContentItem[]): ContentItem => ({
  relationship: 'CONTAINS',
  concept: QUALITATIVE_EVALUATIONS,
  value: { type: 'CONTAINER' },
  children,
});

function identifyingItems({ release, releaseSha256 }: ResultContext): readonly ContentItem[] {
  const model: ContentItem = {
    relationship: 'CONTAINS',
    concept: own('model', 'Model'),
    value: { type: 'TEXT', text: modelLines(release, releaseSha256).join('\n') },
  };
  const notice: ContentItem = {
    relationship: 'CONTAINS',
    concept: dcm('121106', 'Comment'),
    value: { type: 'TEXT', text: RESEARCH_NOTICE },
  };
  return release.research_use_only ? [notice, model] : [model];
}
