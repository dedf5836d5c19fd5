import { err, ok, type Result } from '../result.ts';
import { withoutPadding } from './padding.ts';

/** Command fields used here (PS3.7 §E.1-1). */
export const commandFields = {
  cStoreRq: 0x0001,
  cStoreRsp: 0x8001,
  cFindRq: 0x0020,
  cFindRsp: 0x8020,
  cMoveRq: 0x0021,
  cMoveRsp: 0x8021,
  cEchoRq: 0x0030,
  cEchoRsp: 0x8030,
  nEventReportRq: 0x0100,
  nEventReportRsp: 0x8100,
  nActionRq: 0x0130,
  nActionRsp: 0x8130,
  cCancelRq: 0x0fff,
} as const;

/** Set in the command field of every response (PS3.7 §E.1-1). */
export const RESPONSE_BIT = 0x8000;

/** Command Data Set Type of a message that has a data set: any value but the one below. */
export const DATA_SET = 0x0001;

/** Command Data Set Type: this value says that no data set follows (PS3.7 §E.1-1). */
export const NO_DATA_SET = 0x0101;

/** Error Comment is an LO: at most 64 characters. */
const COMMENT_LENGTH_MAX = 64;

/** A DIMSE command set: the elements of group 0000 that the services used here have (PS3.7 §9.3, §10.3). */
export type CommandSet = {
  readonly commandField: number;
  readonly dataSetType: number;
  readonly messageId?: number;
  readonly messageIdBeingRespondedTo?: number;
  readonly priority?: number;
  readonly status?: number;
  readonly affectedSopClassUid?: string;
  readonly requestedSopClassUid?: string;
  readonly affectedSopInstanceUid?: string;
  readonly requestedSopInstanceUid?: string;
  readonly eventTypeId?: number;
  readonly actionTypeId?: number;
  readonly errorComment?: string;
  /** AE title. */
  readonly moveDestination?: string;
  readonly suboperationsRemaining?: number;
  readonly suboperationsCompleted?: number;
  readonly suboperationsFailed?: number;
  readonly suboperationsWarning?: number;
  readonly moveOriginatorAeTitle?: string;
  readonly moveOriginatorMessageId?: number;
};

type Field = { readonly element: number; readonly kind: 'us' | 'ui' | 'text'; readonly name: keyof CommandSet };

/** In ascending order, as they are written. */
const fields: readonly Field[] = [
  { element: 0x0002, kind: 'ui', name: 'affectedSopClassUid' },
  { element: 0x0003, kind: 'ui', name: 'requestedSopClassUid' },
  { element: 0x0100, kind: 'us', name: 'commandField' },
  { element: 0x0110, kind: 'us', name: 'messageId' },
  { element: 0x0120, kind: 'us', name: 'messageIdBeingRespondedTo' },
  { element: 0x0600, kind: 'text', name: 'moveDestination' },
  { element: 0x0700, kind: 'us', name: 'priority' },
  { element: 0x0800, kind: 'us', name: 'dataSetType' },
  { element: 0x0900, kind: 'us', name: 'status' },
  { element: 0x0902, kind: 'text', name: 'errorComment' },
  { element: 0x1000, kind: 'ui', name: 'affectedSopInstanceUid' },
  { element: 0x1001, kind: 'ui', name: 'requestedSopInstanceUid' },
  { element: 0x1002, kind: 'us', name: 'eventTypeId' },
  { element: 0x1008, kind: 'us', name: 'actionTypeId' },
  { element: 0x1020, kind: 'us', name: 'suboperationsRemaining' },
  { element: 0x1021, kind: 'us', name: 'suboperationsCompleted' },
  { element: 0x1022, kind: 'us', name: 'suboperationsFailed' },
  { element: 0x1023, kind: 'us', name: 'suboperationsWarning' },
  { element: 0x1030, kind: 'text', name: 'moveOriginatorAeTitle' },
  { element: 0x1031, kind: 'us', name: 'moveOriginatorMessageId' },
];

/** Encodes in implicit VR little endian with the group length in front (PS3.7 §6.3.1). */
export function encodeCommandSet(command: CommandSet): Buffer {
  const body = Buffer.concat(
    fields.flatMap(({ element, kind, name }) => {
      const value = command[name];
      return value === undefined ? [] : [elementBytes(element, valueBytes(kind, value))];
    }),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([elementBytes(0x0000, length), body]);
}

/** Decodes a whole command set; elements that are not listed above are skipped. */
export function decodeCommandSet(bytes: Buffer): Result<CommandSet, string> {
  const found: Record<string, string | number> = {};
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < 8) return err('a command element is cut off');
    const group = bytes.readUInt16LE(at);
    const element = bytes.readUInt16LE(at + 2);
    const length = bytes.readUInt32LE(at + 4);
    if (group !== 0) return err(`group ${group.toString(16)} in a command set`);
    if (length > bytes.length - at - 8) return err('a command element is longer than the command set');
    const value = bytes.subarray(at + 8, at + 8 + length);
    const field = fields.find((f) => f.element === element);
    if (field?.kind === 'us') {
      if (length !== 2) return err(`command element ${element.toString(16)} has ${length} bytes instead of 2`);
      found[field.name] = value.readUInt16LE(0);
    } else if (field !== undefined) found[field.name] = withoutPadding(value.toString('latin1'));
    at += 8 + length;
  }
  if (found['commandField'] === undefined) return err('a command set without a Command Field');
  return ok({ dataSetType: NO_DATA_SET, ...found } as CommandSet);
}

function valueBytes(kind: Field['kind'], value: string | number): Buffer {
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16LE(value);
    return bytes;
  }
  const plain = kind === 'ui' ? value : value.replace(/[^\x20-\x7e]/g, '?').slice(0, COMMENT_LENGTH_MAX);
  return Buffer.from(plain.length % 2 === 0 ? plain : plain + (kind === 'ui' ? '\0' : ' '), 'latin1');
}

function elementBytes(element: number, value: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(element, 2);
  head.writeUInt32LE(value.length, 4);
  return Buffer.concat([head, value]);
}
