import { item, textItem } from './items.ts';
import { type AssociateAc, type AssociateRq, type Pdu, type Pdv, pduTypes } from './pdu.ts';
import { encodeUserInformation } from './user-information.ts';

/** Bytes of a P-DATA-TF PDU with one PDV that come before the fragment: PDU header, PDV length, context, control. */
export const PDV_HEADER_BYTES = 12;
/** What a PDV takes of the peer's maximum PDU length besides the fragment: PDV length, context, control. */
export const PDV_OVERHEAD_BYTES = 6;

/** Encodes a whole PDU (PS3.8 §9.3.2 to §9.3.8). */
export function encodePdu(pdu: Pdu): Buffer {
  switch (pdu.type) {
    case 'associate-rq':
    case 'associate-ac':
      return frame(pdu.type, associate(pdu));
    case 'associate-rj':
      return frame(pdu.type, Buffer.from([0, pdu.result, pdu.source, pdu.reason]));
    case 'p-data':
      return frame(pdu.type, Buffer.concat(pdu.pdvs.flatMap((pdv) => [pdvHeader(pdv), pdv.data])));
    case 'release-rq':
    case 'release-rp':
      return frame(pdu.type, Buffer.alloc(4));
    case 'abort':
      return frame(pdu.type, Buffer.from([0, 0, pdu.source, pdu.reason]));
  }
}

/** The head of a P-DATA-TF PDU that carries this one PDV; the fragment follows it on the wire without being copied. */
export function encodePdvHead(pdv: Pdv): Buffer {
  const head = Buffer.alloc(PDV_HEADER_BYTES);
  head[0] = pduTypes['p-data'];
  head.writeUInt32BE(pdv.data.length + PDV_OVERHEAD_BYTES, 2);
  pdvHeader(pdv).copy(head, 6);
  return head;
}

function pdvHeader(pdv: Pdv): Buffer {
  const header = Buffer.alloc(PDV_OVERHEAD_BYTES);
  header.writeUInt32BE(pdv.data.length + 2, 0);
  header[4] = pdv.contextId;
  header[5] = (pdv.isCommand ? 1 : 0) | (pdv.isLast ? 2 : 0);
  return header;
}

function frame(type: Pdu['type'], body: Buffer): Buffer {
  const head = Buffer.alloc(6);
  head[0] = pduTypes[type];
  head.writeUInt32BE(body.length, 2);
  return Buffer.concat([head, body]);
}

function associate(pdu: AssociateRq | AssociateAc): Buffer {
  const fixed = Buffer.alloc(68);
  fixed.writeUInt16BE(pdu.protocolVersion, 0);
  fixed.write(padAeTitle(pdu.calledAeTitle), 4, 'latin1');
  fixed.write(padAeTitle(pdu.callingAeTitle), 20, 'latin1');
  const contexts =
    pdu.type === 'associate-rq'
      ? pdu.contexts.map((context) =>
          item(
            0x20,
            Buffer.from([context.id, 0, 0, 0]),
            textItem(0x30, context.abstractSyntax),
            ...context.transferSyntaxes.map((uid) => textItem(0x40, uid)),
          ),
        )
      : pdu.contexts.map((context) =>
          item(0x21, Buffer.from([context.id, 0, context.result, 0]), textItem(0x40, context.transferSyntax)),
        );
  return Buffer.concat([fixed, textItem(0x10, pdu.applicationContext), ...contexts, encodeUserInformation(pdu.user)]);
}

const padAeTitle = (title: string): string => title.slice(0, 16).padEnd(16, ' ');
