import type { CountSource } from '@collimator/shared/contracts/agent-config/assembly';
import { peerOf } from '../../../config/dicom-settings.ts';
import {
  type Association,
  countOf,
  decodeFindIdentifier,
  encodeFindIdentifier,
  err,
  type FindIdentifier,
  messageTransferSyntaxes,
  ok,
  openAssociation,
  type Result,
  STUDY_ROOT_FIND,
} from '../../../dimse/index.ts';
import type { SeriesCount } from './expected-count.ts';

/** Instances of a study as a source counts them: in all, or by series. */
export type SourceCount = { readonly instances: number } | { readonly series: readonly SeriesCount[] };

/** One association with a source. Rejects with an `AssociationError` when it is over. */
export type CountSession = {
  /** How many instances a study has there; else why that is not known, in words without UIDs. */
  count(studyInstanceUid: string): Promise<Result<SourceCount, string>>;
  close(): Promise<void>;
  abort(): void;
};

/** Opens an association for C-FIND of the Study Root model (PS3.4 §C.6.2). Rejects with an `AssociationError`. */
export async function openCountSession(source: CountSource, callingAeTitle: string): Promise<CountSession> {
  const association = await openAssociation({
    ...peerOf(source, callingAeTitle),
    contexts: [{ abstractSyntax: STUDY_ROOT_FIND, transferSyntaxes: messageTransferSyntaxes }],
  });
  return {
    async count(studyInstanceUid) {
      const matches = await find(association, queryOf(source.unit, studyInstanceUid));
      if (!matches.ok) return matches;
      // A source that does not match by UID answers with studies of others.
      const ofStudy = matches.value.filter((one) => (one.studyInstanceUid ?? studyInstanceUid) === studyInstanceUid);
      return source.unit === 'study' ? studyCount(ofStudy) : seriesCounts(ofStudy);
    },
    close: () => association.release().catch(() => association.abort()),
    abort: () => association.abort(),
  };
}

/** What is asked for, and with which keys. */
export const queryOf = (unit: CountSource['unit'], studyInstanceUid: string): FindIdentifier =>
  unit === 'study'
    ? { queryRetrieveLevel: 'STUDY', studyInstanceUid, numberOfStudyRelatedInstances: '' }
    : { queryRetrieveLevel: 'SERIES', studyInstanceUid, seriesInstanceUid: '', numberOfSeriesRelatedInstances: '' };

async function find(
  association: Association,
  identifier: FindIdentifier,
): Promise<Result<readonly FindIdentifier[], string>> {
  const syntax = association.transferSyntaxOf(STUDY_ROOT_FIND) ?? '';
  const answer = association.find(STUDY_ROOT_FIND, encodeFindIdentifier(identifier, syntax));
  const found: FindIdentifier[] = [];
  let unreadable = false;
  for await (const match of answer) {
    const read = decodeFindIdentifier(match, syntax);
    if (read.ok) found.push(read.value);
    else unreadable = true;
  }
  const { status, truncated } = await answer.outcome();
  if (truncated) return err('it lists more than can be taken');
  if (status !== 0) return err(`it answers with status 0x${status.toString(16).padStart(4, '0')}`);
  if (unreadable) return err('its answer cannot be read');
  return found.length === 0 ? err('it does not know the study') : ok(found);
}

function studyCount(matches: readonly FindIdentifier[]): Result<SourceCount, string> {
  const counts = matches.map((one) => countOf(one, 'numberOfStudyRelatedInstances'));
  const known = counts.filter((count) => count !== undefined);
  if (known.length === 0 || known.length < counts.length) return err('it does not count the instances of a study');
  return ok({ instances: Math.max(...known) });
}

function seriesCounts(matches: readonly FindIdentifier[]): Result<SourceCount, string> {
  const series: SeriesCount[] = [];
  for (const one of matches) {
    const instances = countOf(one, 'numberOfSeriesRelatedInstances');
    if (instances === undefined || (one.seriesInstanceUid ?? '') === '')
      return err('it does not count the instances of a series');
    series.push({ seriesInstanceUid: one.seriesInstanceUid ?? '', instances });
  }
  return series.length === 0 ? err('it does not know the study') : ok({ series });
}
