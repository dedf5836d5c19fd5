import { err, ok, type Result } from '../result.ts';
import { items, trimmed } from './items.ts';
import type {
  AssociateAc,
  AssociateRq,
  ContextResult,
  NegotiatedContext,
  Pdu,
  Pdv,
  ProposedContext,
  UserInformation,
} from './pdu.ts';
import { decodeUserInformation } from './user-information.ts';

/** Why bytes are not a PDU. */
type Malformed = string;

/**
 * Decodes the variable field of one PDU. The bytes of a PDV are a view, not a copy.
 * Items that are not known are skipped, as PS3.8 §9.3.1 asks.
 */
export function decodePdu(type: number, body: Buffer): Result<Pdu, Malformed> {
  switch (type) {
    case 0x01:
      return decodeAssociate(body, 'associate-rq');
    case 0x02:
      return decodeAssociate(body, 'associate-ac');
    case 0x03:
      return fixed(body, (at) => ({ type: 'associate-rj', result: at(1), source: at(2), reason: at(3) }));
    case 0x04:
      return decodePData(body);
    case 0x05:
      return fixed(body, () => ({ type: 'release-rq' }));
    case 0x06:
      return fixed(body, () => ({ type: 'release-rp' }));
    case 0x07:
      return fixed(body, (at) => ({ type: 'abort', source: at(2), reason: at(3) }));
    default:
      return err(`unrecognised PDU type 0x${type.toString(16).padStart(2, '0')}`);
  }
}

function fixed(body: Buffer, make: (at: (index: number) => number) => Pdu): Result<Pdu, Malformed> {
  if (body.length !== 4) return err(`a PDU of fixed size has ${body.length} bytes instead of 4`);
  return ok(make((index) => body[index] ?? 0));
}

function decodePData(body: Buffer): Result<Pdu, Malformed> {
  const pdvs: Pdv[] = [];
  let at = 0;
  while (at < body.length) {
    if (body.length - at < 6) return err('a PDV item is cut off');
    const length = body.readUInt32BE(at);
    if (length < 2 || length > body.length - at - 4) return err(`a PDV item claims ${length} bytes`);
    const control = body.readUInt8(at + 5);
    pdvs.push({
      contextId: body.readUInt8(at + 4),
      isCommand: (control & 1) !== 0,
      isLast: (control & 2) !== 0,
      data: body.subarray(at + 6, at + 4 + length),
    });
    at += 4 + length;
  }
  return pdvs.length === 0 ? err('a P-DATA-TF PDU without a PDV') : ok({ type: 'p-data', pdvs });
}

function decodeAssociate(body: Buffer, type: 'associate-rq' | 'associate-ac'): Result<Pdu, Malformed> {
  if (body.length < 68) return err('an association PDU is cut off');
  const parts = items(body.subarray(68));
  if (!parts.ok) return parts;
  const proposed: ProposedContext[] = [];
  const negotiated: NegotiatedContext[] = [];
  let applicationContext = '';
  let user: UserInformation = { maxPduLength: 0, implementationClassUid: '', implementationVersionName: '' };
  for (const part of parts.value) {
    if (part.type === 0x10) applicationContext = trimmed(part.body);
    if (part.type === 0x20 || part.type === 0x21) {
      if (part.body.length < 4) return err('a presentation context item is cut off');
      const inner = items(part.body.subarray(4));
      if (!inner.ok) return inner;
      const id = part.body.readUInt8(0);
      const transferSyntaxes = inner.value.filter((item) => item.type === 0x40).map((item) => trimmed(item.body));
      if (part.type === 0x20) {
        if (id % 2 === 0) return err(`presentation context id ${id} is even`);
        const abstract = inner.value.find((item) => item.type === 0x30);
        if (abstract === undefined) return err('a presentation context names no abstract syntax');
        proposed.push({ id, abstractSyntax: trimmed(abstract.body), transferSyntaxes });
      } else {
        const result = Math.min(part.body.readUInt8(2), 4) as ContextResult;
        negotiated.push({ id, result, transferSyntax: transferSyntaxes[0] ?? '' });
      }
    }
    if (part.type === 0x50) {
      const read = decodeUserInformation(part.body);
      if (!read.ok) return read;
      user = read.value;
    }
  }
  const common = {
    protocolVersion: body.readUInt16BE(0),
    calledAeTitle: trimmed(body.subarray(4, 20)),
    callingAeTitle: trimmed(body.subarray(20, 36)),
    applicationContext,
    user,
  };
  return ok(
    type === 'associate-rq'
      ? ({ ...common, type, contexts: proposed } satisfies AssociateRq)
      : ({ ...common, type, contexts: negotiated } satisfies AssociateAc),
  );
}
