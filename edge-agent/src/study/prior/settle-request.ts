import type { PriorsWanted } from '@collimator/shared/contracts/release-priors';
import { likeness, type Person } from './same-patient.ts';
import { seriesFits } from './choose-priors.ts';

/** Why a job has no priors, or not all; codes of the catalogue of errors. */
export type PriorReason =
  | 'priors-not-configured'
  | 'priors-late'
  | 'priors-unknown-patient'
  | 'priors-source-unreachable'
  | 'priors-source-refused'
  | 'priors-source-failed'
  | 'priors-answer-unreadable'
  | 'priors-destination-unknown'
  | 'priors-incomplete'
  | 'priors-too-large'
  | 'priors-other-patient'
  | 'priors-not-as-asked';

/**
 * found: the job is given at least one prior. none: there is none. late: none came in time. failed: none could be had.
 * unknown: nobody could be asked for.
 */
export type PriorOutcome = 'found' | 'none' | 'late' | 'failed' | 'unknown';

/** A series that was to be had, as it is when its request is settled. */
export type SeriesFacts = {
  /** Images that are here, and as many as there should be. */
  readonly images: number;
  readonly expected: number | undefined;
  /** Of the fetch: `none` when the series was here already. */
  readonly fetch: 'none' | 'waiting' | 'moving' | 'here' | 'failed';
  readonly reason: PriorReason | undefined;
  readonly modality: string;
  readonly bodyPart: string;
  /** Whom its images name: each patient once; undefined where an image cannot be read. */
  readonly people: readonly (Person | undefined)[];
};

export type Verdict = { readonly offered: true } | { readonly offered: false; readonly reason: PriorReason };

/** Whether a series is given to the job: whole, of the same patient by its own images, and of the kind that is wanted. */
export function judgeSeries(facts: SeriesFacts, current: Person, wants: PriorsWanted): Verdict {
  const no = (reason: PriorReason): Verdict => ({ offered: false, reason });
  if (facts.fetch === 'waiting' || facts.fetch === 'moving') return no('priors-late');
  if (facts.fetch === 'failed') return no(facts.reason ?? 'priors-incomplete');
  if (facts.images === 0 || facts.images < (facts.expected ?? 1)) return no('priors-incomplete');
  const same = facts.people.every((one) => one !== undefined && likeness(current, one) === 'same');
  if (!same || facts.people.length === 0) return no('priors-other-patient');
  if (seriesFits(facts, wants) !== true) return no('priors-not-as-asked');
  return { offered: true };
}

const outcomeFor: Readonly<Record<PriorReason, Exclude<PriorOutcome, 'found'>>> = {
  'priors-not-configured': 'failed',
  'priors-late': 'late',
  'priors-unknown-patient': 'unknown',
  'priors-source-unreachable': 'failed',
  'priors-source-refused': 'failed',
  'priors-source-failed': 'failed',
  'priors-answer-unreadable': 'failed',
  'priors-destination-unknown': 'failed',
  'priors-incomplete': 'failed',
  'priors-too-large': 'failed',
  'priors-other-patient': 'none',
  'priors-not-as-asked': 'none',
};

/** Of several reasons the one that a person can do most about is told. */
const inOrder = Object.keys(outcomeFor) as PriorReason[];

/** What becomes of a request whose series have been judged. Without any series there is no prior, which is no failure. */
export function outcomeOf(verdicts: readonly Verdict[]): {
  readonly outcome: PriorOutcome;
  readonly reason: PriorReason | undefined;
} {
  const reasons = verdicts.flatMap((one) => (one.offered ? [] : [one.reason]));
  const reason = inOrder.find((one) => reasons.includes(one));
  if (verdicts.some(({ offered }) => offered)) return { outcome: 'found', reason };
  return { outcome: reason === undefined ? 'none' : outcomeFor[reason], reason };
}

/** The outcome of a request that was never answered. */
export const outcomeOfReason = (reason: PriorReason): PriorOutcome => outcomeFor[reason];
