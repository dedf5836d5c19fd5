import type { Code } from '@collimator/shared/contracts/release';
import type { StatementFinding } from '../../measure/segment-findings.ts';
import { dcm, own } from '../elements/code.ts';
import type { ContentItem } from '../elements/content-item.ts';
import { isAttested, modelLines, RESEARCH_NOTICE } from '../notice.ts';
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

/** A coded answer to a coded question. */
export type Stated = { readonly concept: Code; readonly value: Code };

/** Which model a report speaks of, and the research notice, readable in every viewer. */
export const identification = (context: ResultContext, stated: readonly Stated[] = []): ContentItem =>
  container([...stated.map(statedItem), ...identifyingItems(context)]);

/** The outcome with its reason, and which model it speaks of. */
export const outcomeEvaluation = (
  outcome: Outcome,
  reason: string,
  context: ResultContext,
  stated: readonly Stated[] = [],
): ContentItem =>
  container([
    {
      relationship: 'CONTAINS',
      concept: own('outcome', 'Processing outcome'),
      value: { type: 'CODE', code: outcomes[outcome] },
    },
    { relationship: 'CONTAINS', concept: own('reason', 'Reason'), value: { type: 'TEXT', text: reason } },
    ...stated.map(statedItem),
    ...identifyingItems(context),
  ]);

const statedItem = ({ concept, value }: Stated): ContentItem => ({
  relationship: 'CONTAINS',
  concept,
  value: { type: 'CODE', code: value },
});

/** What the statements of a segmentation come to. */
export const statedOf = (statements: readonly StatementFinding[] = []): readonly Stated[] =>
  statements.map(({ statement: { concept, present, absent }, holds }) => ({
    concept,
    value: holds ? present : absent,
  }));

const container = (children: readonly ContentItem[]): ContentItem => ({
  relationship: 'CONTAINS',
  concept: QUALITATIVE_EVALUATIONS,
  value: { type: 'CONTAINER' },
  children,
});

/** What reports say of a model that a server elsewhere has. */
export const attestationCodes = {
  concept: own('attestation', 'Attestation of the remote model'),
  attested: own('attested', 'Attested: it is the model of the release'),
  unattested: own('not-attested', 'Could not be attested'),
} as const;

/** Where a server elsewhere computed: whether its model is known to be that of the release, as a code. */
const attestation = (context: ResultContext): readonly ContentItem[] =>
  (context.remote ?? []).length === 0
    ? []
    : [
        {
          relationship: 'CONTAINS',
          concept: attestationCodes.concept,
          value: { type: 'CODE', code: attestationCodes[isAttested(context) ? 'attested' : 'unattested'] },
        },
      ];

function identifyingItems(context: ResultContext): readonly ContentItem[] {
  const model: ContentItem = {
    relationship: 'CONTAINS',
    concept: own('model', 'Model'),
    value: { type: 'TEXT', text: modelLines(context).join('\n') },
  };
  const notice: ContentItem = {
    relationship: 'CONTAINS',
    concept: dcm('121106', 'Comment'),
    value: { type: 'TEXT', text: RESEARCH_NOTICE },
  };
  // What a reader must know of how the findings came about.
  const alone: ContentItem = {
    relationship: 'CONTAINS',
    concept: own('without-prior', 'Made without a prior study'),
    value: { type: 'TEXT', text: context.withoutPriors ?? '' },
  };
  const items = [model, ...attestation(context), ...(context.withoutPriors === undefined ? [] : [alone])];
  return context.release.research_use_only ? [notice, ...items] : items;
}
