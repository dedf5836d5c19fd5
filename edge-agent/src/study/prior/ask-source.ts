import type { PriorsWanted } from '@collimator/shared/contracts/release-priors';
import {
  type Association,
  AssociationError,
  decodeFindIdentifier,
  encodeFindIdentifier,
  err,
  type FindIdentifier,
  messageTransferSyntaxes,
  ok,
  type OpenAssociation,
  openAssociation,
  type Result,
  STUDY_ROOT_FIND,
} from '../../dimse/index.ts';
import {
  candidatesOf,
  type CurrentStudy,
  seriesQuery,
  studyQuery,
  type WantedSeries,
  wantedSeries,
} from './choose-priors.ts';
import { failedAssociation, failedStatus, type PriorFailure } from './prior-failure.ts';

export type PriorSeries = WantedSeries & { readonly studyInstanceUid: string; readonly daysBefore: number };

/** What a PACS has of a patient that is wanted. */
export type PriorAnswer = {
  readonly listed: number;
  readonly differing: number;
  /** Of the newest study first. */
  readonly series: readonly PriorSeries[];
};

/** Studies whose series are asked for although none of those before them had any that are wanted. */
export const CANDIDATES_MAX = 20;
/** Series taken of one study. */
export const SERIES_OF_STUDY_MAX = 64;

/**
 * Asks a PACS for priors: C-FIND by Patient ID for studies, then for the series of those that may be wanted, until there
 * are as many as the model takes. One association.
 *
 * @param signal ends it, at whatever step it is
 */
export async function askSource(
  peer: Omit<OpenAssociation, 'contexts'>,
  current: CurrentStudy,
  wants: PriorsWanted,
  signal: AbortSignal,
): Promise<Result<PriorAnswer, PriorFailure>> {
  let association: Association | undefined;
  const abort = (): void => association?.abort();
  try {
    association = await openAssociation({
      ...peer,
      contexts: [{ abstractSyntax: STUDY_ROOT_FIND, transferSyntaxes: messageTransferSyntaxes }],
    });
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    const answer = await answerOf(association, current, wants);
    await association.release().catch(() => abort());
    return answer;
  } catch (error) {
    abort();
    if (!(error instanceof AssociationError)) throw error;
    return err(failedAssociation(error));
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function answerOf(
  association: Association,
  current: CurrentStudy,
  wants: PriorsWanted,
): Promise<Result<PriorAnswer, PriorFailure>> {
  const studies = await find(association, studyQuery(current, wants));
  if (!studies.ok) return studies;
  const { listed, differing, candidates } = candidatesOf(studies.value, current, wants);
  const series: PriorSeries[] = [];
  let taken = 0;
  for (const { studyInstanceUid, daysBefore } of candidates.slice(0, CANDIDATES_MAX)) {
    if (taken === wants.count_max) break;
    const found = await find(association, seriesQuery(studyInstanceUid));
    if (!found.ok) return found;
    const wanted = wantedSeries(found.value, studyInstanceUid, wants).slice(0, SERIES_OF_STUDY_MAX);
    if (wanted.length > 0) taken += 1;
    series.push(...wanted.map((one) => ({ ...one, studyInstanceUid, daysBefore })));
  }
  return ok({ listed, differing, series });
}

async function find(
  association: Association,
  identifier: FindIdentifier,
): Promise<Result<readonly FindIdentifier[], PriorFailure>> {
  const syntax = association.transferSyntaxOf(STUDY_ROOT_FIND) ?? '';
  const answer = association.find(STUDY_ROOT_FIND, encodeFindIdentifier(identifier, syntax));
  const found: FindIdentifier[] = [];
  let unreadable = 0;
  for await (const match of answer) {
    const read = decodeFindIdentifier(match, syntax);
    if (read.ok) found.push(read.value);
    else unreadable += 1;
  }
  const outcome = await answer.outcome();
  const unusable = (detail: string) => err({ reason: 'priors-answer-unreadable', again: false, detail } as const);
  if (outcome.truncated) return unusable('it lists more than can be taken');
  if (outcome.status !== 0) return err(failedStatus(outcome));
  return unreadable > 0 ? unusable(`${unreadable} matches cannot be read`) : ok(found);
}
