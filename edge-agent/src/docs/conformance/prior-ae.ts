import { FIND_MATCHES_MAX } from '../../dimse/find/find-request.ts';
import { STUDY_ROOT_FIND, STUDY_ROOT_MOVE } from '../../dimse/index.ts';
import { CANDIDATES_MAX, SERIES_OF_STUDY_MAX } from '../../study/prior/ask-source.ts';
import { type CurrentStudy, seriesQuery, studyQuery } from '../../study/prior/choose-priors.ts';
import { CANCEL_WAIT_MS } from '../../study/prior/move-series.ts';
import { failedStatus, type PriorFailure } from '../../study/prior/prior-failure.ts';
import { blocks, hex, table } from '../markdown.ts';
import { rangesOf } from './answers.ts';
import { standardOf } from './product.ts';
import { messageSyntaxNames } from './transfer-syntax-tables.ts';

const example: CurrentStudy = {
  studyInstanceUid: '',
  person: { id: 'of the study', issuer: '', birthDate: '', sex: '' },
  date: 'date of the study',
  time: '',
};

/** The requestor that finds and fetches priors; every key and status is that of the program. */
export const priorSection = (): string =>
  blocks(
    '#### 4.2.4 Prior-SCU',
    'Only where `priors.source` names a PACS. A model whose release asks for priors gets earlier studies of the same patient: they are found by C-FIND and sent to Storage-SCP by C-MOVE. See [priors.md](priors.md).',
    '##### 4.2.4.1 SOP classes',
    table(
      ['SOP class', 'UID', 'role', 'transfer syntaxes'],
      [
        ['Study Root Query/Retrieve – FIND', STUDY_ROOT_FIND, 'SCU', messageSyntaxNames()],
        ['Study Root Query/Retrieve – MOVE', STUDY_ROOT_MOVE, 'SCU', messageSyntaxNames()],
      ],
    ),
    '##### 4.2.4.2 Association policies',
    `One association for the questions of a job, and one for the series of a study; at most \`priors.concurrent_moves_max\` (${standardOf('priors.concurrent_moves_max')}) of the latter at a time. One operation at a time on each. No extended negotiation, no relational queries. User identity where \`priors.source.user\` is given. Waits: \`priors.timeouts.connect_s\` (${standardOf('priors.timeouts.connect_s')} s) for the connection and for the association, \`priors.timeouts.response_s\` (${standardOf('priors.timeouts.response_s')} s) for an answer to C-FIND.`,
    '##### 4.2.4.3 C-FIND',
    table(
      ['level', 'keys'],
      [
        ['STUDY', keysOf(studyQuery(example, { count_max: 1, wait_s_max: 1, required: false }))],
        ['SERIES', keysOf(seriesQuery('of the prior'))],
      ],
    ),
    `At most ${FIND_MATCHES_MAX} matches are taken; then C-CANCEL is sent, and the answer counts as unusable. The series of at most ${CANDIDATES_MAX} studies are asked for, the newest first, and at most ${SERIES_OF_STUDY_MAX} of a study are taken. A study is a prior only where Patient ID and birth date, or Patient ID and issuer, are the same, nothing that both say of ID, issuer, birth date and sex differs, and its date and time are before those of the current study. Specific Character Set ISO_IR 192 is sent where the Patient ID is not ASCII.`,
    '##### 4.2.4.4 C-MOVE',
    `At the level SERIES, one series at a time, Move Destination \`dicom.ae_title\`. A transfer of which no image and no pending response has come for \`priors.timeouts.move_idle_s\` (${standardOf('priors.timeouts.move_idle_s')} s), and one that nobody waits for any more, is cancelled (C-CANCEL); without a final response within ${CANCEL_WAIT_MS / 1000} s after that the association is aborted. A series counts as fetched when as many instances are here as the PACS said; the counts of sub-operations are logged.`,
    'What arrives under the calling AE title of the source, for a study that was asked for, is a prior where its Move Originator Application Entity Title (0000,1030) is ours, and where there is none. It is stored like any other object, and no model is run on it.',
    '##### 4.2.4.5 Statuses',
    table(
      ['final status of C-FIND or C-MOVE', 'behaviour'],
      [
        ['0000H', 'success'],
        ...rangesOf(1, 0xffff, behaviourOf, behaviourOf(1)).map(({ from, to, is }) => [
          from === to ? hex(from) : `${hex(from)} to ${hex(to)}`,
          is,
        ]),
        ['any other', behaviourOf(1)],
        ['none', 'the association failed: tried again, unless it was rejected as permanent'],
      ],
    ),
    `Tried again means at most \`priors.retry.attempts_max\` (${standardOf('priors.retry.attempts_max')}) times, with waits from \`priors.retry.first_s\` (${standardOf('priors.retry.first_s')} s) doubled up to \`priors.retry.most_s\` (${standardOf('priors.retry.most_s')} s), and never beyond the time that the model waits.`,
  );

const keysOf = (identifier: Readonly<Record<string, string | undefined>>): string =>
  Object.entries(identifier)
    .map(([key, value = '']) => `${key}${value === '' ? '' : ` (${value})`}`)
    .join(', ');

function behaviourOf(status: number): string {
  const { reason, again }: PriorFailure = failedStatus({ status });
  return `${again ? 'tried again' : 'final'}; shown as \`${reason}\``;
}
