import { type Err, err, ok, type Result } from '../result.ts';
import { abortReasons, type Pdu } from './pdu.ts';
import { decodePdu } from './pdu-decode.ts';

/** Longest A-ASSOCIATE PDU taken, bytes: 128 contexts with 40 transfer syntaxes each stay well below. */
export const ASSOCIATE_PDU_BYTES_MAX = 262_144;

/** Why bytes are not a PDU, and the reason of the A-ABORT that says so (PS3.8 Table 9-26). */
export type Malformed = { readonly reason: number; readonly why: string };

const malformed = (reason: number, why: string): Err<Malformed> => err({ reason, why });

export type PduReader = {
  /**
   * Takes what arrived and yields each PDU that is whole by now. After the first error nothing more is read:
   * the stream has lost its framing.
   */
  push(chunk: Buffer): Generator<Result<Pdu, Malformed>, void>;
  /** Bytes held back for a PDU that is not whole yet; never more than the longest PDU allowed. */
  pendingBytes(): number;
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

  const longest = (type: number): number => {
    if (type === 0x01 || type === 0x02) return ASSOCIATE_PDU_BYTES_MAX;
    return type === 0x04 ? pduBytesMax : 4;
  };

  /** All that is held, in one piece. Called when a header or a PDU is whole, so a byte is copied twice at most. */
  const joined = (): Buffer => {
    const [first] = held;
    const all = held.length === 1 && first !== undefined ? first : Buffer.concat(held, heldBytes);
    held = [all];
    return all;
  };

  let needBytes = 6;
  return {
    pendingBytes: () => heldBytes,
    *push(chunk) {
      if (broken || chunk.length === 0) return;
      held.push(chunk);
      heldBytes += chunk.length;
      while (heldBytes >= needBytes) {
        const all = joined();
        const type = all.readUInt8(0);
        const length = all.readUInt32BE(2);
        if (type < 0x01 || type > 0x07 || length > longest(type)) {
          broken = true;
          held = [];
          heldBytes = 0;
          const known = type >= 0x01 && type <= 0x07;
          yield known
            ? malformed(abortReasons.invalidParameterValue, `a PDU of type ${type} claims ${length} bytes`)
            : malformed(abortReasons.unrecognizedPdu, `unrecognised PDU type 0x${type.toString(16)}`);
          return;
        }
        if (heldBytes < 6 + length) {
          needBytes = 6 + length;
          break;
        }
        const pdu = decodePdu(type, all.subarray(6, 6 + length));
        held = all.length > 6 + length ? [all.subarray(6 + length)] : [];
        heldBytes -= 6 + length;
        needBytes = 6;
        if (!pdu.ok) {
          broken = true;
          held = [];
          heldBytes = 0;
        }
        if (!pdu.ok) {
          yield malformed(abortReasons.invalidParameterValue, pdu.error);
          return;
        }
        yield pdu;
      }
    },
  };
}

/** Decodes one whole PDU; for tests and tools. */
export function decodeOne(bytes: Buffer): Result<Pdu, Malformed> {
  for (const pdu of createPduReader(Math.max(bytes.length, 4)).push(bytes)) return ok(pdu).value;
  return malformed(abortReasons.notSpecified, 'the PDU is cut off');
}
