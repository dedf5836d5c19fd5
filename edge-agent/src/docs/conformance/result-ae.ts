import { CompletionRule } from '@collimator/shared/contracts/agent-config/assembly';
import {
  ASYNC_OPERATIONS_MAX,
  COMMITMENT_REFERENCES_MAX,
  defaultScuTimeouts,
  STORAGE_COMMITMENT,
  STUDY_ROOT_FIND,
  VERIFICATION,
} from '../../dimse/index.ts';
import { SCU_PDU_BYTES_MAX } from '../../dimse/scu/scu-options.ts';
import { FIND_MATCHES_MAX } from '../../dimse/find/find-request.ts';
import { queryOf } from '../../study/assemble/complete/count-query.ts';
import { blocks, table } from '../markdown.ts';
import { commitmentTable, storeScuTable, stowTable } from './answers.ts';
import type { ExampleObjects } from './example-objects.ts';
import { madeClassTable } from './objects.ts';
import { madeClasses, standardOf } from './product.ts';
import { messageSyntaxNames, syntaxName } from './transfer-syntax-tables.ts';

/** Whether a completion rule asks the source by C-FIND. */
export const asksByFind = (): boolean => CompletionRule.properties.expect.enum.some((one: string) => one !== 'none');

/** The requestor: results, verification, storage commitment, and C-FIND where a completion rule asks. */
export const resultSection = (objects: ExampleObjects): string =>
  blocks(
    '#### 4.2.2 Result-SCU',
    '##### 4.2.2.1 SOP classes',
    madeClassTable(objects),
    `Besides: Verification (${VERIFICATION}), Storage Commitment Push Model (${STORAGE_COMMITMENT})` +
      (asksByFind() ? `, Study Root Query/Retrieve – FIND (${STUDY_ROOT_FIND}).` : '.') +
      ' Received objects are never sent on.',
    '##### 4.2.2.2 Association policies',
    `One association at a time to each destination for results, and one for each storage commitment request. An association carries at most \`association.objects_max\` (${standardOf('destinations[].association.objects_max')}) objects and is kept \`association.idle_s\` (${standardOf('destinations[].association.idle_s')}) seconds without work. Longest PDU taken: ${SCU_PDU_BYTES_MAX} bytes. Asynchronous operations: \`association.in_flight_max\` (${standardOf('destinations[].association.in_flight_max')}, at most ${ASYNC_OPERATIONS_MAX}) is proposed, and what the peer accepts is kept to. No extended negotiation. User identity where the destination has a \`user\` section.`,
    `Waits: \`timeouts.connect_s\` (${standardOf('destinations[].timeouts.connect_s')} s) for the connection and for the association, \`timeouts.response_s\` (${standardOf('destinations[].timeouts.response_s')} s) for an answer, ${defaultScuTimeouts.release / 1000} s for the release.`,
    '##### 4.2.2.3 Association initiation',
    table(
      ['activity', 'when', 'presentation contexts: abstract syntax', 'transfer syntaxes', 'role'],
      [
        ...madeClasses(objects).map(({ name, transferSyntaxUid }) => [
          'send a result',
          'a result is due at the destination',
          name,
          syntaxName(transferSyntaxUid),
          'SCU',
        ]),
        ['echo', '`agent peers echo`', 'Verification', syntaxName('1.2.840.10008.1.2'), 'SCU'],
        [
          'ask for commitment',
          'results were sent, and the destination has a `commitment` section',
          'Storage Commitment Push Model',
          messageSyntaxNames(),
          'SCU',
        ],
        [
          'report commitment',
          'a request of another is decided',
          'Storage Commitment Push Model',
          messageSyntaxNames(),
          'SCP, by role selection',
        ],
        ...(asksByFind()
          ? [['ask what a study has', 'a completion rule says so', 'Study Root – FIND', messageSyntaxNames(), 'SCU']]
          : []),
      ],
    ),
    'Only the SOP classes that are due are proposed, and those sent to this destination before. A presentation context that is not accepted fails the objects that need it; a rejected or failed association is an outage of the destination and is tried again.',
    '##### 4.2.2.4 C-STORE',
    `After an outage or a transient status the wait is \`retry.first_s\` (${standardOf('destinations[].retry.first_s')} s), doubled each time up to \`retry.most_s\` (${standardOf('destinations[].retry.most_s')} s). The same bytes are sent each time.`,
    storeScuTable(),
    '##### 4.2.2.5 Storage commitment',
    `Asked for with N-ACTION, at most ${COMMITMENT_REFERENCES_MAX} instances at a time. The N-EVENT-REPORT is taken on the same association and on one that the destination opens to Storage-SCP. Without an answer within \`commitment.wait_s\` (${standardOf('destinations[].commitment.wait_s')} s) it is asked anew under another transaction UID; a late answer still counts.`,
    commitmentTable(),
    '##### 4.2.2.6 C-FIND',
    asksByFind() ? findText() : 'Not used.',
    '##### 4.2.2.7 Association acceptance',
    'Result-SCU accepts no association; reports on storage commitment come to Storage-SCP.',
    '#### 4.2.3 STOW-RS user agent',
    'Studies Service, Store transaction (PS3.18 §10.5) to destinations of `kind: stow`: `POST` of multipart/related with parts of application/dicom, each in ' +
      `${syntaxName(madeClasses(objects)[0]?.transferSyntaxUid ?? '')}; the answer is asked for as application/dicom+json. At most \`request_objects_max\` (${standardOf('destinations[].request_objects_max')}) objects in a request, one connection, one request at a time. TLS 1.2 or 1.3 with the cipher suites of Node.js where the address is https; bearer token or basic authentication from a file.`,
    stowTable(),
    'With 409 nothing of the request was stored: an object that the body does not name is refused.',
  );

/** The keys are those of the very queries. */
function findText(): string {
  const keys = (unit: 'study' | 'series'): string =>
    Object.entries(queryOf(unit, 'of the study'))
      .map(([key, value]) => `${key}${value === '' ? '' : ` (${value})`}`)
      .join(', ');
  return blocks(
    'Where a rule of `assembly.rules` has `expect: c-find`, the PACS in its `at` section is asked how many instances a study has, so that it is complete at once when all of them are here. Study Root model, single values and universal matching only, no relational queries, no extended negotiation.',
    table(
      ['`at.unit`', 'keys'],
      [
        ['study', keys('study')],
        ['series', keys('series')],
      ],
    ),
    `At most ${FIND_MATCHES_MAX} matches are taken; then C-CANCEL is sent. A status other than 0000H at the end, more matches than that, an answer that counts nothing or cannot be read, and no answer within \`at.timeouts\` complete nothing: it is asked again, at most \`at.retry.attempts_max\` (${standardOf('assembly.rules[].at.retry.attempts_max')}) times, and the quiet time decides.`,
  );
}
