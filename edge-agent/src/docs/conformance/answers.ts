import { storeStatus, storeStatuses } from '@collimator/shared/dicom/statuses';
import { commitmentFailures, status } from '../../dimse/index.ts';
import type { LimitKind } from '../../dimse/index.ts';
import { abortReasons } from '../../dimse/upper-layer/pdu.ts';
import { refusals, refusalText } from '../../dimse/upper-layer/refusal.ts';
import { afterCommitmentFailure } from '../../study/deliver/commitment/failure-plan.ts';
import { attemptsMax, classOfStatus } from '../../study/deliver/retry-policy.ts';
import { meaningOf, type StowMeaning } from '../../study/deliver/stow-status.ts';
import { type StoreAnswer, storeAnswers } from '../../study/receive/store-answers.ts';
import { hex, table } from '../markdown.ts';

// What each code means here. The codes are those of the code that answers with them; a code that gets no line does not
// compile.

const storeReasons: Readonly<Record<StoreAnswer, readonly [when: string, sender: string]>> = {
  success: [
    'The object is on the disk and in the index. Also when the very same object was there before, and when a copy with other content was set aside for a decision (`dicom.conflicts: quarantine`)',
    'Done',
  ],
  elementsDiscarded: [
    'Another object is kept under this UID: `dicom.conflicts: keep-first`, a copy that was discarded before, or a result of ours that came back changed',
    'Done; the object that is kept is not the one that was sent',
  ],
  outOfResources: [
    'The disk is beyond `dicom.disk.stop_watermark` or cannot be written, the object is too long, or there is no room to set a copy aside',
    'Send again later',
  ],
  dataSetDoesNotMatchSopClass: [
    'SOP Class UID or SOP Instance UID of the data set is not that of the command. The object is set aside',
    'Put the object right',
  ],
  cannotUnderstand: [
    'The data set cannot be read, or lacks a UID that it must have. It is set aside with the reason',
    'Put the object right',
  ],
};

const libraryReasons: Readonly<Record<keyof typeof status, readonly [service: string, when: string]>> = {
  success: ['all', 'Done'],
  processingFailure: ['all', 'A fault of the appliance; nothing was stored or noted. Send again'],
  noSuchObjectInstance: [
    'N-ACTION, N-EVENT-REPORT',
    'Not the well-known instance of the class, or a report on a transaction that we did not begin',
  ],
  noSuchEventType: ['N-EVENT-REPORT', 'An event type that the class does not have'],
  invalidArgumentValue: ['N-ACTION, N-EVENT-REPORT', 'The data set is missing or none'],
  invalidObjectInstance: [
    'C-STORE',
    'The Affected SOP Instance UID is not a UID. Nothing of it becomes part of a path',
  ],
  sopClassNotSupported: ['C-STORE', 'The SOP class is not that of the presentation context'],
  noSuchAction: ['N-ACTION', 'An action type that the class does not have'],
  unrecognizedOperation: ['all', 'The operation was not agreed for this presentation context'],
  resourceLimitation: [
    'N-ACTION, N-EVENT-REPORT',
    'The data set is longer than we take, or too many requests are open',
  ],
  cannotUnderstand: ['C-STORE', 'A C-STORE-RQ that says that no data set follows'],
  cancelled: ['C-FIND', 'As SCU only: the search ended after our C-CANCEL'],
};

/** C-STORE-RSP, and what else the SCP answers with. */
export const storeStatusTable = (): string =>
  table(
    ['service', 'status', 'name', 'when', 'what the sender should do'],
    [
      ...Object.entries(storeAnswers).map(([name, { code, name: text }]) => {
        const [when, sender] = storeReasons[name as StoreAnswer];
        return ['C-STORE', hex(code), text, when, sender];
      }),
    ],
  );

export const libraryStatusTable = (): string =>
  table(
    ['service', 'status', 'when'],
    Object.entries(status).map(([name, code]) => {
      const [service, when] = libraryReasons[name as keyof typeof status];
      return [service, hex(code), when];
    }),
  );

const refusalReasons: Readonly<Record<keyof typeof refusals, readonly [when: string, remedy: string]>> = {
  protocolVersion: ['Bit 0 of the protocol version is not set', 'A sender of DICOM 3.0'],
  callingAeTitle: [
    'The calling AE title is not under `dicom.sources`, or its address is not within `address`',
    'List it, or let it call from a listed address',
  ],
  calledAeTitle: ['The called AE title is not in `called` of the source', 'Correct our AE title at the sender'],
  applicationContext: ['Not 1.2.840.10008.3.1.1.1', 'A sender of DICOM 3.0'],
  userIdentity: [
    '`user` of the source asks for a user identity, and it is missing or wrong',
    'Give the user name, and the passcode where one is configured',
  ],
  congestion: [
    'The disk is beyond `dicom.disk.congestion_watermark`, too little space is left, or too many jobs wait',
    'Try again later; see to the disk',
  ],
  associations: [
    '`dicom.limits.associations` are in use, also after `dicom.limits.association_wait_s`',
    'Try again later',
  ],
  sourceAssociations: ['The source holds all associations that it may', 'Try again later, or raise `associations`'],
};

/** A-ASSOCIATE-RJ by us, in the order in which it is decided. */
export const rejectionTable = (): string =>
  table(
    ['result', 'source', 'reason', 'name', 'when', 'remedy'],
    Object.entries(refusals).map(([name, refusal]) => {
      const [when, remedy] = refusalReasons[name as keyof typeof refusals];
      const { result, source, reason } = refusal;
      const resultName = result === 1 ? '1 permanent' : '2 transient';
      return [resultName, source, reason, refusalText(refusal).replace(/^.*?: /, ''), when, remedy];
    }),
  );

const abortTexts: Readonly<Record<keyof typeof abortReasons, string>> = {
  notSpecified: 'not sent; taken from a peer',
  unrecognizedPdu: 'a PDU of a type that there is not',
  unexpectedPdu: 'a PDU that does not belong there (PS3.8 Table 9-10)',
  unrecognizedParameter: 'not sent; taken from a peer',
  unexpectedParameter: 'not sent; taken from a peer',
  invalidParameterValue:
    'a PDU longer than announced or malformed, presentation contexts that cannot be told apart, or data for a context that was not accepted',
};

/** A-ABORT of the service provider (source 2) by us. */
export const abortTable = (): string =>
  table(
    ['source', 'reason', 'when'],
    [
      ['0 service user', '0', 'a limit below was reached, a fragment is out of order, or the node is closing'],
      ...Object.entries(abortReasons).map(([name, reason]) => [
        '2 service provider',
        String(reason),
        abortTexts[name as keyof typeof abortReasons],
      ]),
    ],
  );

const limitTexts: Readonly<Record<LimitKind, readonly [key: string, then: string]>> = {
  associations: ['dicom.limits.associations', 'A-ASSOCIATE-RJ'],
  'source-associations': ['dicom.limits.per_source', 'A-ASSOCIATE-RJ'],
  congestion: ['dicom.disk.congestion_watermark', 'A-ASSOCIATE-RJ'],
  connections: ['dicom.limits.connections', 'the connection is closed'],
  'waiting-per-address': ['dicom.limits.waiting_per_address', 'the connection is closed'],
  artim: ['dicom.limits.artim_s', 'the connection is closed'],
  idle: ['dicom.limits.idle_s', 'A-ABORT, source 0'],
  progress: ['dicom.limits.progress_bytes_per_s_min', 'A-ABORT, source 0'],
};

export const limitTable = (): string =>
  table(
    ['limit', 'key', 'what happens', 'counted as'],
    Object.entries(limitTexts).map(([kind, [key, then]]) => [
      kind,
      `\`${key}\``,
      then,
      `\`collimator_dicom_limit_hits_total{limit="${kind}"}\``,
    ]),
  );

const behaviours = {
  delivered: 'sent; nothing more',
  transient: `tried again, up to ${attemptsMax.transient} times`,
  ambiguous: `tried again with the same bytes, up to ${attemptsMax.ambiguous} times`,
  permanent: 'failed; shown, and tried again only by `agent studies retry`',
} as const;

/** What the Storage SCU does with an answer: every status that there can be. */
export const storeScuTable = (): string =>
  table(
    ['status', 'name', 'behaviour'],
    [
      ...rangesOf(0, 0xffff, classOfStatus, 'permanent').map(({ from, to, is }) => [
        from === to ? hex(from) : `${hex(from)} to ${hex(to)}`,
        nameOfStatus(from),
        behaviours[is],
      ]),
      ['any other', '', behaviours.permanent],
      ['none', 'the association ended before the answer', behaviours.ambiguous],
    ],
  );

function nameOfStatus(code: number): string {
  if (code === commitmentFailures.resourceLimitation) return 'resource limitation';
  return code === storeStatuses.coercionOfDataElements.code ? 'stored with a warning' : storeStatus(code).name;
}

const afterwards = {
  resend: 'the object is sent again, at most `commitment.resends_max` times',
  'ask-again': 'asked again, at most `commitment.requests_max` times',
  'give-up': 'not asked any more; shown as failed',
} as const;

/** What the Storage Commitment SCU does with a failure reason. */
export const commitmentTable = (): string =>
  table(
    ['failure reason', 'behaviour'],
    [
      ...Object.values(commitmentFailures).map((reason) => [hex(reason), afterwards[after(reason)]]),
      ['any other', afterwards[after(0x7777)]],
    ],
  );

const after = (reason: number) =>
  afterCommitmentFailure(reason, { requests: 1, resends: 0 }, { requestsMax: 2, resendsMax: 1 });

const stowTexts: Readonly<Record<StowMeaning, string>> = {
  report: 'what the body says of each object, as for a C-STORE status; an object that it does not name is sent again',
  away: 'an outage of the destination: everything waits and is tried again',
  refused: 'the objects of the request are refused; where there were several, each is tried by itself',
  failed: 'tried again',
};

/** What the STOW-RS user agent does with an HTTP status: every one that there can be. */
export const stowTable = (): string =>
  table(
    ['HTTP status', 'behaviour'],
    [
      ...rangesOf(200, 599, meaningOf, 'away').map(({ from, to, is }) => [
        from === to ? from : `${from} to ${to}`,
        stowTexts[is],
      ]),
      ['any other', stowTexts.away],
    ],
  );

/** Runs of numbers that a function maps to the same, those to `otherwise` left out. */
export function rangesOf<T>(from: number, to: number, of: (code: number) => T, otherwise: T) {
  const ranges: { readonly from: number; to: number; readonly is: T }[] = [];
  for (let code = from; code <= to; code += 1) {
    const is = of(code);
    const last = ranges.at(-1);
    if (last?.to === code - 1 && last.is === is) last.to = code;
    else if (is !== otherwise) ranges.push({ from: code, to: code, is });
  }
  return ranges;
}
