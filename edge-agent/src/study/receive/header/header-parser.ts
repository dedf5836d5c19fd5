import { promisify } from 'node:util';
import { constants, inflateRaw } from 'node:zlib';
import type { TransferSyntax } from '@collimator/shared/dicom/transfer-syntaxes';
import { isUid } from '@collimator/shared/dicom/uids';
import { err, ok, type Result } from '@collimator/shared/result';
import dicomParser, { type DataSet, type Element } from 'dicom-parser';
import { decodeText } from './character-set.ts';
import type { DataSetHeader } from './instance-header.ts';

/** `more`: the bytes end before the header does. Otherwise why the bytes are no data set that we can place. */
export type HeaderProblem = { readonly kind: 'more' } | { readonly kind: 'unparsable'; readonly why: string };

/** Nothing that the header needs stands after this group (PS3.6 orders by tag). */
const LAST_GROUP = 0x0028;

/**
 * Two-byte values read before a header is given up. Each element costs two, so this bounds the time for which one
 * object keeps the event loop from all others: half a second, where 64 MiB of empty items took eight and 2 GB of memory.
 */
export const HEADER_READS_MAX = 1_000_000;

/**
 * Bytes of a multi-frame image after which its functional groups are not looked for any more: those of all frames come
 * first where they are, and without them only its orientation and slice thickness are not known.
 */
const GROUPS_WITHIN_BYTES = 1_048_576;
/** Functional groups of all frames, and of each (PS3.3 §C.7.6.16). */
const SHARED_GROUPS = 'x52009229';
const FRAME_GROUPS = 'x52009230';

/** Value representations with a 32-bit length (PS3.5 §7.1.2) that the parser does not know. */
const LONG_VRS: ReadonlySet<string> = new Set(['OV', 'SV', 'UV']);

const inflate = promisify(inflateRaw);

/**
 * Reads the header from the first bytes of a data set.
 *
 * @param head the data set from its first byte
 * @param whole whether `head` is all of it
 * @param inflatedBytesMax bound for a deflated data set, bytes after inflation
 */
export async function parseHeader(
  head: Uint8Array,
  whole: boolean,
  syntax: TransferSyntax,
  inflatedBytesMax: number,
): Promise<Result<DataSetHeader, HeaderProblem>> {
  if (!syntax.deflated) return parsePlain(head, whole, syntax);
  try {
    const plain = await inflate(head, {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: inflatedBytesMax,
    });
    return parsePlain(plain, whole, syntax);
  } catch (error) {
    return unparsable(`the deflated data set cannot be inflated: ${String(error)}`);
  }
}

function parsePlain(bytes: Uint8Array, whole: boolean, syntax: TransferSyntax): Result<DataSetHeader, HeaderProblem> {
  const { elements, failure, endless } = readElements(bytes, syntax);
  const passed = Object.keys(elements).some((tag) => Number.parseInt(tag.slice(1, 5), 16) > LAST_GROUP);
  if (!passed && endless) return unparsable(`the header has more than ${HEADER_READS_MAX / 2} elements`);
  if (!passed && !whole) return err({ kind: 'more' });
  if (!whole && failure !== undefined && !endless && mayHaveGroupsBehind(bytes, elements)) return err({ kind: 'more' });
  if (!passed && failure !== undefined) return unparsable(failure);
  return headerOf(bytes, elements, syntax);
}

/** A multi-frame image whose functional groups that say its orientation are not among what was read yet. */
function mayHaveGroupsBehind(bytes: Uint8Array, elements: DataSet['elements']): boolean {
  const isMultiFrame = elements['x00280008'] !== undefined && elements['x00200037'] === undefined;
  const { [SHARED_GROUPS]: shared, [FRAME_GROUPS]: ofFrames } = elements;
  const isToCome = shared === undefined || (ofFrames === undefined && groupOf(shared, 0, 'x00209116') === undefined);
  return isMultiFrame && isToCome && bytes.length < GROUPS_WITHIN_BYTES;
}

type Elements = DataSet['elements'];

/** One functional group of a frame, or of all frames in item 0 of the shared ones. */
const groupOf = (groups: Element | undefined, item: number, tag: string): Elements | undefined =>
  groups?.items?.[item]?.dataSet?.elements[tag]?.items?.[0]?.dataSet?.elements;

/** The top-level elements up to the pixel data; where the bytes end early, those before the end and the parser's complaint. */
function readElements(
  bytes: Uint8Array,
  syntax: TransferSyntax,
): { readonly elements: DataSet['elements']; readonly failure: string | undefined; readonly endless: boolean } {
  const plain =
    syntax.byteOrder === 'big' ? dicomParser.bigEndianByteArrayParser : dicomParser.littleEndianByteArrayParser;
  let reads = 0;
  const byteArrayParser = {
    ...plain,
    readUint16(from: Uint8Array, position: number): number {
      reads += 1;
      if (reads > HEADER_READS_MAX) throw new RangeError('too many elements');
      return plain.readUint16(from, position);
    },
  };
  const elements: DataSet['elements'] = {};
  // Only these fields are used while parsing; values are read below, with our own bounds.
  const dataSet = { byteArray: bytes, byteArrayParser, elements, warnings: [] } as unknown as DataSet;
  const parse =
    syntax.vr === 'implicit' ? dicomParser.parseDicomDataSetImplicit : dicomParser.parseDicomDataSetExplicit;
  try {
    const stream = new dicomParser.ByteStream(byteArrayParser, bytes, 0);
    const readText = stream.readFixedString.bind(stream);
    // It reads nothing as text but value representations; OB has the same form as those it does not know.
    stream.readFixedString = (length) => {
      const vr = readText(length);
      return LONG_VRS.has(vr) ? 'OB' : vr;
    };
    parse(dataSet, stream, bytes.length, { untilTag: 'x7fe00010' });
    return { elements, failure: undefined, endless: false };
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    return { elements, failure, endless: reads > HEADER_READS_MAX };
  }
}

function headerOf(
  bytes: Uint8Array,
  elements: DataSet['elements'],
  syntax: TransferSyntax,
): Result<DataSetHeader, HeaderProblem> {
  const value = (tag: string): Uint8Array | undefined => slice(bytes, elements[tag]);
  const plain = (tag: string): string => latin1(bytes, elements[tag]);
  const optional = (tag: string): string | null => plain(tag).split('\\')[0] || null;
  const characterSet = plain('x00080005');
  const text = (tag: string): string => decodeText(value(tag) ?? new Uint8Array(0), characterSet);
  const numbers = (tag: string, count: number, from = elements): readonly number[] | null => {
    const parts = latin1(bytes, from[tag])
      .split('\\')
      .map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
    return parts.length === count && parts.every(Number.isFinite) ? parts : null;
  };
  const unsigned16 = (tag: string): number | null => {
    const two = value(tag);
    if (two === undefined || two.length < 2) return null;
    return new DataView(two.buffer, two.byteOffset, 2).getUint16(0, syntax.byteOrder === 'little');
  };
  /** Numbers of a functional group that all frames share, or that each frame has and none has otherwise. */
  const inGroups = (group: string, tag: string, count: number): readonly number[] | null => {
    const shared = groupOf(elements[SHARED_GROUPS], 0, group);
    if (shared !== undefined) return numbers(tag, count, shared);
    const frames = elements[FRAME_GROUPS];
    const of = (item: number) => numbers(tag, count, groupOf(frames, item, group) ?? {});
    const first = of(0);
    const agree = (frames?.items ?? []).every((_, i) => of(i)?.every((one, at) => one === first?.[at]) === true);
    return first !== null && agree ? first : null;
  };
  const uids = {
    sopClassUid: plain('x00080016'),
    sopInstanceUid: plain('x00080018'),
    studyInstanceUid: plain('x0020000d'),
    seriesInstanceUid: plain('x0020000e'),
  };
  const bad = Object.entries(uids).find(([, uid]) => !isUid(uid));
  if (bad !== undefined) return unparsable(`${bad[0]} is ${bad[1] === '' ? 'missing' : 'not a UID'}`);
  return ok({
    ...uids,
    frameOfReferenceUid: optional('x00200052'),
    instanceCreatorUid: optional('x00080014'),
    ...contributorsOf(bytes, elements['x0018a001']),
    patient: {
      id: text('x00100020'),
      issuer: text('x00100021'),
      name: text('x00100010'),
      birthDate: plain('x00100030'),
    },
    modality: optional('x00080060'),
    bodyPart: optional('x00180015'),
    seriesDescription: text('x0008103e') || null,
    instanceNumber: numbers('x00200013', 1)?.[0] ?? null,
    rows: unsigned16('x00280010'),
    columns: unsigned16('x00280011'),
    numberOfFrames: numbers('x00280008', 1)?.[0] ?? null,
    imagePosition_mm: numbers('x00200032', 3),
    imageOrientation: numbers('x00200037', 6) ?? inGroups('x00209116', 'x00200037', 6),
    pixelSpacing_mm: numbers('x00280030', 2),
    sliceThickness_mm: (numbers('x00180050', 1) ?? inGroups('x00289110', 'x00180050', 1))?.[0] ?? null,
  });
}

/** Equipment items looked at; an object passes through a handful of programs. */
const CONTRIBUTORS_MAX = 64;

function contributorsOf(bytes: Uint8Array, element: Element | undefined): Pick<DataSetHeader, 'contributors'> {
  const text = (found: Element | undefined): string => latin1(bytes, found);
  const contributors = (element?.items ?? []).slice(0, CONTRIBUTORS_MAX).flatMap(({ dataSet }) => {
    if (dataSet === undefined) return [];
    const { x00080070: manufacturer, x00081090: model } = dataSet.elements;
    return [{ manufacturer: text(manufacturer), model: text(model) }];
  });
  return contributors.length === 0 ? {} : { contributors };
}

const latin1 = (bytes: Uint8Array, element: Element | undefined): string =>
  Buffer.from(slice(bytes, element) ?? [])
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .trim();

function slice(bytes: Uint8Array, element: Element | undefined): Uint8Array | undefined {
  if (element === undefined) return undefined;
  const end = element.dataOffset + element.length;
  return end > bytes.length ? undefined : bytes.subarray(element.dataOffset, end);
}

const unparsable = (why: string): Result<never, HeaderProblem> => err({ kind: 'unparsable', why });
