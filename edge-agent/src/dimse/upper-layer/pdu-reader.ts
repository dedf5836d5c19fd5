import { type Err, err, ok, type Result } from '../result.ts';
import { abortReasons, type Pdu } from './pdu.ts';
import { decodePdu } from './pdu-decode.ts';

/** Longest A-ASSOCIATE PDU taken, bytes: 128 contexts with 40 transfer syntaxes each stay well below. */
export const ASSOCIATE_PDU_BYTES_MAX = 262_144;

/** Why bytes are not a PDU, and the reason of the A-ABORT that says so (PS3.8 Table 9-26). */
export type Malformed = { readonly reason: number; readonly why: string };

const malformed = (reason: number, why: string): Err<Malformed> => err({ reason, why });

/**
 * Bytes of a data fragment that are handed on before the fragment is whole. A fragment in two is the same to PS3.8
 * §9.3.5.1's receiver as the fragment in one, and nothing of it has to be put together here.
 */
export const PART_BYTES_MIN = 16_384;

export type PduReader = {
  /**
   * Takes what arrived and yields each PDU that is whole by now, and of a P-DATA-TF PDU that begins with a long data
   * fragment the parts that are there, as PDUs of their own. After the first error nothing more is read: the stream has
   * lost its framing. What is yielded is a view of what arrived where that is possible.
   */
  push(chunk: Buffer): Generator<Result<Pdu, Malformed>, void>;
  /** Bytes held back for a PDU that is not whole yet; never more than the longest PDU allowed. */
  pendingBytes(): number;
};

/** A data fragment that is handed on in parts. */
type Partial = {
  readonly contextId: number;
  readonly isLast: boolean;
  /** Bytes of the fragment that have not been handed on. */
  left: number;
  /** Bytes of the PDU after the fragment. */
  readonly after: number;
};

/**
 * Cuts a byte stream into PDUs, however it is fragmented (PS3.8 §9.3.1).
 * A length beyond the bound for its type is refused at once, before any of it is stored.
 *
 * @param pduBytesMax longest P-DATA-TF variable field, bytes: what we announced in the association
 */
export function createPduReader(pduBytesMax: number): PduReader {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let broken = false;
  /** Bytes to be held before there is something to do. */
  let needBytes = HEADER_BYTES;
  let partial: Partial | undefined;
  /** Bytes of whole fragments that end a PDU whose first was handed on in parts. */
  let restBytes = 0;

  const longest = (type: number): number => {
    if (type === 0x01 || type === 0x02) return ASSOCIATE_PDU_BYTES_MAX;
    return type === 0x04 ? pduBytesMax : 4;
  };

  /** The first bytes of what is held, in one piece and still held; copies only what lies in several pieces. */
  function peek(bytes: number): Buffer {
    const [first] = held;
    if (first !== undefined && first.length >= bytes) return first.subarray(0, bytes);
    let joined = 0;
    let count = 0;
    while (joined < bytes) joined += held[count++]?.length ?? 0;
    const all = Buffer.concat(held.slice(0, count), joined);
    held.splice(0, count, all);
    return all.subarray(0, bytes);
  }

  function take(bytes: number): Buffer {
    if (bytes === 0) return Buffer.alloc(0);
    const taken = peek(bytes);
    const [first] = held as [Buffer];
    if (first.length === bytes) held.shift();
    else held[0] = first.subarray(bytes);
    heldBytes -= bytes;
    return taken;
  }

  function lost(error: Err<Malformed>): Err<Malformed> {
    broken = true;
    held = [];
    heldBytes = 0;
    return error;
  }

  /** The next thing that is there; undefined when more has to come first. */
  function next(): Result<Pdu, Malformed> | undefined {
    if (partial !== undefined) return nextPart(partial);
    if (restBytes > 0) return wholeFragments();
    const header = peek(HEADER_BYTES);
    const type = header.readUInt8(0);
    const length = header.readUInt32BE(2);
    if (type < 0x01 || type > 0x07)
      return lost(malformed(abortReasons.unrecognizedPdu, `unrecognised PDU type 0x${type.toString(16)}`));
    if (length > longest(type))
      return lost(malformed(abortReasons.invalidParameterValue, `a PDU of type ${type} claims ${length} bytes`));
    if (heldBytes >= HEADER_BYTES + length) return decoded(type, take(HEADER_BYTES + length).subarray(HEADER_BYTES));
    partial = type === 0x04 ? beginParts(length) : undefined;
    if (partial !== undefined) return nextPart(partial);
    needBytes =
      HEADER_BYTES + (isLongPData(type, length) ? Math.min(length, PDV_HEADER_BYTES + PART_BYTES_MIN) : length);
    if (heldBytes >= needBytes) needBytes = HEADER_BYTES + length; // It does not begin with a data fragment.
    return undefined;
  }

  const isLongPData = (type: number, length: number): boolean => type === 0x04 && length > PART_BYTES_MIN;

  /** PS3.8 §9.3.5.1: length, context and control of the first fragment, if it is of a data set and long enough. */
  function beginParts(pduLength: number): Partial | undefined {
    if (heldBytes < HEADER_BYTES + PDV_HEADER_BYTES + PART_BYTES_MIN) return undefined;
    const head = peek(HEADER_BYTES + PDV_HEADER_BYTES);
    const length = head.readUInt32BE(HEADER_BYTES);
    const control = head.readUInt8(HEADER_BYTES + 5);
    // A length that does not fit is left to the decoder, which says so.
    if ((control & 1) !== 0 || length - 2 < PART_BYTES_MIN || length > pduLength - 4) return undefined;
    const contextId = head.readUInt8(HEADER_BYTES + 4);
    take(HEADER_BYTES + PDV_HEADER_BYTES);
    return { contextId, isLast: (control & 2) !== 0, left: length - 2, after: pduLength - 4 - length };
  }

  function nextPart(part: Partial): Result<Pdu, Malformed> | undefined {
    const bytes = Math.min(part.left, heldBytes);
    if (bytes < part.left && bytes < PART_BYTES_MIN) {
      needBytes = Math.min(part.left, PART_BYTES_MIN);
      return undefined;
    }
    // Not more than lies in one piece, if that is much: so nothing is copied.
    const [first] = held as [Buffer];
    const some = first.length >= PART_BYTES_MIN ? Math.min(bytes, first.length) : bytes;
    part.left -= some;
    const data = take(some);
    const isLast = part.isLast && part.left === 0;
    if (part.left === 0) {
      partial = undefined;
      restBytes = part.after;
    }
    needBytes = partial !== undefined ? Math.min(part.left, PART_BYTES_MIN) : restBytes || HEADER_BYTES;
    return ok({ type: 'p-data', pdvs: [{ contextId: part.contextId, isCommand: false, isLast, data }] });
  }

  function wholeFragments(): Result<Pdu, Malformed> | undefined {
    const body = take(restBytes);
    restBytes = 0;
    return decoded(0x04, body);
  }

  function decoded(type: number, body: Buffer): Result<Pdu, Malformed> {
    needBytes = HEADER_BYTES;
    const pdu = decodePdu(type, body);
    return pdu.ok ? pdu : lost(malformed(abortReasons.invalidParameterValue, pdu.error));
  }

  return {
    pendingBytes: () => heldBytes,
    *push(chunk) {
      if (broken || chunk.length === 0) return;
      held.push(chunk);
      heldBytes += chunk.length;
      while (heldBytes >= needBytes) {
        const found = next();
        if (found === undefined) continue; // It says by now how much it needs.
        yield found;
        if (broken) return;
      }
    },
  };
}

/** Type, a reserved byte, and the length of what follows. */
const HEADER_BYTES = 6;
/** Length, presentation context id and message control header of a PDV. */
const PDV_HEADER_BYTES = 6;

/** Decodes one whole PDU; for tests and tools. */
export function decodeOne(bytes: Buffer): Result<Pdu, Malformed> {
  for (const pdu of createPduReader(Math.max(bytes.length, 4)).push(bytes)) return ok(pdu).value;
  return malformed(abortReasons.notSpecified, 'the PDU is cut off');
}
