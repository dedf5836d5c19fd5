import { encodingOf, type Encoding } from '../data-set/encoding.ts';
import { type Element, readElements, readItems } from '../data-set/read-elements.ts';
import { writeElement, writeSequence } from '../data-set/write-elements.ts';
import { withoutPadding } from '../message/padding.ts';
import { err, ok, type Result } from '../result.ts';
import { isUid } from '../uid.ts';

/** Storage Commitment Push Model and its well-known instance (PS3.4 §J.3). */
export const STORAGE_COMMITMENT = '1.2.840.10008.1.20.1';
export const STORAGE_COMMITMENT_INSTANCE = '1.2.840.10008.1.20.1.1';
/** Action Type ID "Request Storage Commitment" (PS3.4 Table J.3-1). */
export const COMMITMENT_ACTION = 1;
/** Event Type IDs (PS3.4 Table J.3-3). */
export const COMMITMENT_SUCCESS_EVENT = 1;
export const COMMITMENT_FAILURES_EVENT = 2;

/** Failure Reasons (PS3.4 §J.3.3.1.1 with PS3.3 §C.14.1.1). */
export const commitmentFailures = {
  processingFailure: 0x0110,
  noSuchObjectInstance: 0x0112,
  classInstanceConflict: 0x0119,
  sopClassNotSupported: 0x0122,
  duplicateTransactionUid: 0x0131,
  resourceLimitation: 0x0213,
} as const;

/** Most instances in one request or report. */
export const COMMITMENT_REFERENCES_MAX = 20_000;

export type SopReference = { readonly sopClassUid: string; readonly sopInstanceUid: string };
export type FailedReference = SopReference & { readonly reason: number };

/** What an N-ACTION asks for (PS3.4 Table J.3-2). */
export type CommitmentRequest = { readonly transactionUid: string; readonly references: readonly SopReference[] };
/** What an N-EVENT-REPORT tells (PS3.4 Table J.3-4). */
export type CommitmentReport = {
  readonly transactionUid: string;
  readonly committed: readonly SopReference[];
  readonly failed: readonly FailedReference[];
};

const tags = {
  referencedSopClassUid: 0x0008_1150,
  referencedSopInstanceUid: 0x0008_1155,
  transactionUid: 0x0008_1195,
  failureReason: 0x0008_1197,
  failedSopSequence: 0x0008_1198,
  referencedSopSequence: 0x0008_1199,
} as const;

/** @throws RangeError when the request names no instance or more than `COMMITMENT_REFERENCES_MAX`, or for a foreign transfer syntax */
export function encodeCommitmentRequest(request: CommitmentRequest, transferSyntaxUid: string): Buffer {
  const { references } = request;
  if (references.length === 0 || references.length > COMMITMENT_REFERENCES_MAX)
    throw new RangeError(`a commitment request for ${references.length} instances`);
  const encoding = encodingOf(transferSyntaxUid);
  return Buffer.concat([
    writeElement(tags.transactionUid, 'UI', request.transactionUid, encoding),
    writeSequence(
      tags.referencedSopSequence,
      references.map((one) => reference(one, encoding)),
      encoding,
    ),
  ]);
}

export function encodeCommitmentReport(report: CommitmentReport, transferSyntaxUid: string): Buffer {
  const encoding = encodingOf(transferSyntaxUid);
  const failed = report.failed.map((one) => {
    const reason = Buffer.alloc(2);
    reason.writeUInt16LE(one.reason);
    return Buffer.concat([reference(one, encoding), writeElement(tags.failureReason, 'US', reason, encoding)]);
  });
  const committed = report.committed.map((one) => reference(one, encoding));
  return Buffer.concat([
    writeElement(tags.transactionUid, 'UI', report.transactionUid, encoding),
    ...(failed.length === 0 ? [] : [writeSequence(tags.failedSopSequence, failed, encoding)]),
    ...(committed.length === 0 ? [] : [writeSequence(tags.referencedSopSequence, committed, encoding)]),
  ]);
}

/** The Event Type ID that goes with a report (PS3.4 §J.3.3.1). */
export const commitmentEvent = (report: CommitmentReport): number =>
  report.failed.length === 0 ? COMMITMENT_SUCCESS_EVENT : COMMITMENT_FAILURES_EVENT;

export function decodeCommitmentRequest(bytes: Buffer, transferSyntaxUid: string): Result<CommitmentRequest, string> {
  const read = decode(bytes, transferSyntaxUid);
  if (!read.ok) return read;
  const { transactionUid, committed } = read.value;
  return committed.length === 0 ? err('no instance is referenced') : ok({ transactionUid, references: committed });
}

export const decodeCommitmentReport = (bytes: Buffer, transferSyntaxUid: string): Result<CommitmentReport, string> =>
  decode(bytes, transferSyntaxUid);

function decode(bytes: Buffer, transferSyntaxUid: string): Result<CommitmentReport, string> {
  const elements = readElements(bytes, encodingOf(transferSyntaxUid));
  if (!elements.ok) return elements;
  const transactionUid = uidOf(elements.value, tags.transactionUid);
  if (transactionUid === undefined) return err('the transaction UID is missing or no UID');
  const committed = references(elements.value, tags.referencedSopSequence);
  if (!committed.ok) return committed;
  const failed = references(elements.value, tags.failedSopSequence);
  if (!failed.ok) return failed;
  return ok({
    transactionUid,
    committed: committed.value.map(({ sopClassUid, sopInstanceUid }) => ({ sopClassUid, sopInstanceUid })),
    failed: failed.value,
  });
}

function references(elements: readonly Element[], tag: number): Result<FailedReference[], string> {
  const sequence = elements.find((element) => element.tag === tag);
  if (sequence === undefined) return ok([]);
  const items = readItems(sequence);
  if (!items.ok) return items;
  if (items.value.length > COMMITMENT_REFERENCES_MAX)
    return err(`more than ${COMMITMENT_REFERENCES_MAX} instances are referenced`);
  const found: FailedReference[] = [];
  for (const item of items.value) {
    const sopClassUid = uidOf(item, tags.referencedSopClassUid);
    const sopInstanceUid = uidOf(item, tags.referencedSopInstanceUid);
    if (sopClassUid === undefined || sopInstanceUid === undefined) return err('a reference without its UIDs');
    const reason = item.find((element) => element.tag === tags.failureReason)?.value;
    // Type 1 in a failed item; one that says nothing is a failure all the same.
    const code =
      reason === undefined || reason.length < 2 ? commitmentFailures.processingFailure : reason.readUInt16LE();
    found.push({ sopClassUid, sopInstanceUid, reason: code });
  }
  return ok(found);
}

const reference = ({ sopClassUid, sopInstanceUid }: SopReference, encoding: Encoding): Buffer =>
  Buffer.concat([
    writeElement(tags.referencedSopClassUid, 'UI', sopClassUid, encoding),
    writeElement(tags.referencedSopInstanceUid, 'UI', sopInstanceUid, encoding),
  ]);

function uidOf(elements: readonly Element[], tag: number): string | undefined {
  const value = elements.find((element) => element.tag === tag)?.value;
  const text = value === undefined ? '' : withoutPadding(value.toString('latin1'));
  return isUid(text) ? text : undefined;
}
