import { err, ok, type Result } from '@collimator/shared/result';

/** What a Part 10 file says of its data set (PS3.10 §7.1); a value that is missing is empty. */
export type Part10Head = {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  /** Where the data set begins, bytes. */
  readonly dataSetAt: number;
};

/** Preamble and file meta information that are looked at, bytes; what is longer is refused. */
export const PART10_HEAD_BYTES_MAX = 65_536;

const PREAMBLE_BYTES = 128;
const DEFLATED = '1.2.840.10008.1.2.1.99';
const META_GROUP = 0x0002;
/** Value representations whose length takes four bytes (PS3.5 §7.1.2). */
const longVrs = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);

/**
 * Reads preamble and file meta information from the first bytes of a file.
 *
 * @returns `undefined` when more bytes are needed; an error when this is no Part 10 file
 */
export function readPart10Head(bytes: Buffer): Result<Part10Head | undefined, string> {
  if (bytes.length < PREAMBLE_BYTES + 4) return ok(undefined);
  if (bytes.toString('latin1', PREAMBLE_BYTES, PREAMBLE_BYTES + 4) !== 'DICM')
    return err('it is no DICOM file: DICM is missing');
  const values = new Map<number, string>();
  let metaEnd: number | undefined;
  for (let at = PREAMBLE_BYTES + 4; ; ) {
    // Elements end where the group does, also where its length is wrong; but a deflated data set has no group to see.
    const deflatedHere = at === metaEnd && values.get(0x0010) === DEFLATED;
    if (at + 8 > bytes.length) return deflatedHere ? ok(headOf(values, at)) : more(at);
    if (deflatedHere || bytes.readUInt16LE(at) !== META_GROUP) return ok(headOf(values, at));
    const isLong = longVrs.has(bytes.toString('latin1', at + 4, at + 6));
    const start = at + (isLong ? 12 : 8);
    if (start > bytes.length) return more(start);
    const length = isLong ? bytes.readUInt32LE(at + 8) : bytes.readUInt16LE(at + 6);
    const end = start + length;
    if (end > bytes.length) return more(end);
    const number = bytes.readUInt16LE(at + 2);
    if (number === 0x0000 && length === 4) metaEnd = end + bytes.readUInt32LE(start);
    else values.set(number, bytes.toString('latin1', start, end).replace(/[\0 ]+$/, ''));
    at = end;
  }
}

const more = (end: number): Result<undefined, string> =>
  end > PART10_HEAD_BYTES_MAX
    ? err(`its file meta information is longer than ${PART10_HEAD_BYTES_MAX} bytes`)
    : ok(undefined);

const headOf = (values: ReadonlyMap<number, string>, dataSetAt: number): Part10Head => ({
  sopClassUid: values.get(0x0002) ?? '',
  sopInstanceUid: values.get(0x0003) ?? '',
  transferSyntaxUid: values.get(0x0010) ?? '',
  dataSetAt,
});
