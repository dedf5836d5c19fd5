import { connect, type Socket } from 'node:net';
import { encodeCommandSet } from '@collimator/edge-agent/dimse/message/command-set';
import { encodePdu } from '@collimator/edge-agent/dimse/upper-layer/pdu-encode';
import { IMPLICIT_LITTLE_ENDIAN } from '@collimator/shared/dicom/transfer-syntaxes';
import { sopClasses } from '@collimator/shared/dicom/uids';

/**
 * `idle`: connects and says nothing. `stalled`: has an association, begins an object, and says nothing more.
 * `slow`: the same, but with a byte each second for ever.
 */
export type BadKind = 'idle' | 'stalled' | 'slow';

export type BadSender = {
  readonly kind: BadKind;
  /** How long the node put up with it, ms; undefined as long as it does. */
  endedAfter_ms(): number | undefined;
  /** Whether the node let it in: for `idle` that it is connected, for the others that its association was accepted. */
  isIn(): boolean;
  close(): void;
};

const slowMs = 1_000;
const cStoreRq = 0x0001;
const dataSetFollows = 0x0000;
const associateAc = 0x02;

/** Opens a connection that misbehaves. It speaks real PDUs as far as it speaks at all. */
export function createBadSender(kind: BadKind, port: number, titles: { calling: string; called: string }): BadSender {
  const begun = performance.now();
  let ended: number | undefined;
  let inside = false;
  let timer: NodeJS.Timeout | undefined;
  const socket: Socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => undefined); // A reset is one way of being closed.
  socket.on('close', () => {
    clearInterval(timer);
    ended = performance.now() - begun;
  });
  socket.on('connect', () => {
    if (kind === 'idle') inside = true;
    else socket.write(request(titles));
  });
  socket.on('data', (bytes) => {
    if (inside || bytes[0] !== associateAc) return;
    inside = true;
    socket.write(beginning());
    if (kind === 'slow') timer = setInterval(() => socket.write(Buffer.from([0])), slowMs);
  });
  return {
    kind,
    endedAfter_ms: () => ended,
    isIn: () => inside,
    close() {
      clearInterval(timer);
      socket.destroy();
    },
  };
}

const request = ({ calling, called }: { calling: string; called: string }): Buffer =>
  encodePdu({
    type: 'associate-rq',
    protocolVersion: 1,
    callingAeTitle: calling,
    calledAeTitle: called,
    applicationContext: '1.2.840.10008.3.1.1.1',
    contexts: [{ id: 1, abstractSyntax: sopClasses.mrImage, transferSyntaxes: [IMPLICIT_LITTLE_ENDIAN] }],
    user: { maxPduLength: 16_384, implementationClassUid: '2.25.1', implementationVersionName: 'BAD' },
  });

/** A C-STORE-RQ, and the head of a PDU with 64 KiB of data set of which nothing comes. */
function beginning(): Buffer {
  const command = encodeCommandSet({
    commandField: cStoreRq,
    dataSetType: dataSetFollows,
    messageId: 1,
    priority: 0,
    affectedSopClassUid: sopClasses.mrImage,
    affectedSopInstanceUid: '2.25.2',
  });
  const head = Buffer.from([0x04, 0, 0, 1, 0, 6, 0, 1, 0, 2, 1, 0x02]);
  return Buffer.concat([
    encodePdu({ type: 'p-data', pdvs: [{ contextId: 1, isCommand: true, isLast: true, data: command }] }),
    head,
  ]);
}
