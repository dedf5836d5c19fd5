import { afterEach, describe, expect, it } from 'vitest';
import { createServer, type Server } from 'node:net';
import {
  commitmentEventReport,
  type CommitmentReport,
  commitmentReports,
  type CommitmentRequest,
  type CommitmentService,
  createStoreScp,
  decodeFindIdentifier,
  encodeCommitmentRequest,
  encodeFindIdentifier,
  err,
  messageTransferSyntaxes,
  type OpenAssociation,
  openAssociation,
  type ReplyWithReport,
  STORAGE_COMMITMENT,
  STORAGE_COMMITMENT_INSTANCE,
  type StoreScp,
  STUDY_ROOT_FIND,
  VERIFICATION,
} from '../index.ts';
import { type CommandSet, commandFields, encodeCommandSet } from '../message/command-set.ts';
import { createMessageReader } from '../message/message-reader.ts';
import { APPLICATION_CONTEXT } from '../uid.ts';
import type { Pdv } from '../upper-layer/pdu.ts';
import { encodePdu } from '../upper-layer/pdu-encode.ts';
import { createPduReader } from '../upper-layer/pdu-reader.ts';

let scp: StoreScp | undefined;
let server: Server | undefined;
afterEach(async () => {
  await scp?.close();
  scp = undefined;
  server?.close();
});

async function start(commitment?: CommitmentService): Promise<number> {
  scp = createStoreScp({
    listen: [{ host: '127.0.0.1', port: 0 }],
    policy: {
      sources: [{ aeTitle: '*', addresses: ['127.0.0.1'], calledAeTitles: ['*'], associationsMax: 9 }],
      associationsMax: 9,
    },
    limits: { closeGrace_ms: 50 },
    sink: { begin: async () => err({ status: 0xa700 }) },
    ...(commitment !== undefined && { services: { commitment } }),
    onEvent: () => undefined,
  });
  await scp.start();
  return scp.addresses()[0]?.port ?? 0;
}

const open = (port: number, more: Partial<OpenAssociation> = {}) =>
  openAssociation({
    host: '127.0.0.1',
    port,
    callingAeTitle: 'A',
    calledAeTitle: 'B',
    contexts: [VERIFICATION, STORAGE_COMMITMENT].map((abstractSyntax) => ({
      abstractSyntax,
      transferSyntaxes: messageTransferSyntaxes,
    })),
    ...more,
  });

const references = [{ sopClassUid: '1.2.840.10008.5.1.4.1.1.2', sopInstanceUid: '1.2.3' }];
const request: CommitmentRequest = { transactionUid: '2.25.7', references };
const report: CommitmentReport = { transactionUid: '2.25.7', committed: references, failed: [] };
const action = (dataSet: Uint8Array, differs: object = {}) => ({
  sopClassUid: STORAGE_COMMITMENT,
  sopInstanceUid: STORAGE_COMMITMENT_INSTANCE,
  actionTypeId: 1,
  dataSet,
  ...differs,
});

describe('storage commitment', () => {
  it('asks, is answered, and gets its report on the same association', async () => {
    const asked: CommitmentRequest[] = [];
    let reply: ReplyWithReport | undefined;
    const port = await start({
      async onAction(one, _peer, replyWith) {
        asked.push(one);
        reply = replyWith;
        return { status: 0 };
      },
    });
    const reports: CommitmentReport[] = [];
    const association = await open(port, {
      onEventReport: commitmentReports(async (one) => {
        reports.push(one);
        return { status: 0 };
      }),
    });
    const syntax = association.transferSyntaxOf(STORAGE_COMMITMENT) ?? '';
    expect(await association.action(action(encodeCommitmentRequest(request, syntax)))).toEqual({ status: 0 });
    expect(asked).toEqual([request]);
    expect(await reply?.(report)).toEqual({ status: 0 });
    expect(reports).toEqual([report]);
    // The association is as good as before.
    expect(await association.echo()).toEqual({ status: 0 });
    await association.release();
    await expect(reply?.(report)).rejects.toMatchObject({ step: 'event-report' });
  });

  it('takes a report on an association that the PACS opened as SCP', async () => {
    const reports: (readonly [CommitmentReport, string])[] = [];
    const port = await start({
      async onEventReport(one, peer) {
        reports.push([one, peer.callingAeTitle]);
        return { status: 0 };
      },
    });
    const roles = [{ sopClassUid: STORAGE_COMMITMENT, scu: false, scp: true }];
    const association = await open(port, { roles, callingAeTitle: 'PACS' });
    expect(association.accepted.roles).toEqual(roles);
    const event = commitmentEventReport(report, association.transferSyntaxOf(STORAGE_COMMITMENT) ?? '');
    expect(await association.eventReport(event)).toEqual({ status: 0 });
    expect(reports).toEqual([[report, 'PACS']]);
    expect(await association.eventReport({ ...event, eventTypeId: 9 })).toMatchObject({ status: 0x0113 });
    expect(await association.eventReport({ ...event, sopInstanceUid: '1.2' })).toMatchObject({ status: 0x0112 });
    expect(await association.eventReport({ ...event, dataSet: Buffer.from('no') })).toMatchObject({ status: 0x0115 });
    // We take reports only: a request to commit was not agreed.
    expect(await association.action(action(Buffer.alloc(0)))).toMatchObject({ status: 0x0211 });
    await association.release();
  });

  it('refuses a request that is none, each with its own status, and one that fails with 0110H', async () => {
    const port = await start({ onAction: () => Promise.reject(new Error('broken')) });
    const association = await open(port);
    const good = encodeCommitmentRequest(request, association.transferSyntaxOf(STORAGE_COMMITMENT) ?? '');
    expect(await association.action(action(good, { actionTypeId: 2 }))).toMatchObject({ status: 0x0123 });
    expect(await association.action(action(good, { sopInstanceUid: '1.2' }))).toMatchObject({ status: 0x0112 });
    expect(await association.action(action(Buffer.alloc(8)))).toMatchObject({ status: 0x0115 });
    expect(await association.action(action(Buffer.alloc(5 * 1024 * 1024)))).toMatchObject({ status: 0x0213 });
    expect(await association.action(action(good))).toMatchObject({ status: 0x0110 });
    await association.release();
  });

  it('is not offered where nobody serves it, nor in a role that nobody serves', async () => {
    const without = await open(await start());
    expect(without.transferSyntaxOf(STORAGE_COMMITMENT)).toBeUndefined();
    await without.release();
    await scp?.close();
    const port = await start({ onAction: async () => ({ status: 0 }) });
    const asScp = await open(port, { roles: [{ sopClassUid: STORAGE_COMMITMENT, scu: false, scp: true }] });
    expect(asScp.transferSyntaxOf(STORAGE_COMMITMENT)).toBeUndefined();
    await asScp.release();
  });
});

/** A peer that takes every context, answers the negotiation as told, and each command by a function. */
async function peerThat(
  answerTo: (command: CommandSet, send: (pdvs: Pdv[]) => void) => void,
  user: object = {},
): Promise<number> {
  server = createServer((socket) => {
    const pdus = createPduReader(131_072);
    const messages = createMessageReader();
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      for (const pdu of pdus.push(chunk)) {
        if (!pdu.ok) throw new Error(pdu.error.why);
        if (pdu.value.type === 'release-rq') socket.write(encodePdu({ type: 'release-rp' }));
        if (pdu.value.type === 'associate-rq')
          socket.write(
            encodePdu({
              ...pdu.value,
              type: 'associate-ac',
              applicationContext: APPLICATION_CONTEXT,
              contexts: pdu.value.contexts.map(({ id, transferSyntaxes }) => ({
                id,
                result: 0 as const,
                transferSyntax: transferSyntaxes[0] ?? '',
              })),
              user: { maxPduLength: 0, implementationClassUid: '1.2', implementationVersionName: '', ...user },
            }),
          );
        if (pdu.value.type !== 'p-data') continue;
        for (const pdv of pdu.value.pdvs) {
          const part = messages.push(pdv);
          if (!part.ok) throw new Error(part.error);
          if (part.value?.type === 'command')
            answerTo(part.value.command, (pdvs) => socket.write(encodePdu({ type: 'p-data', pdvs })));
        }
      }
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const pdv = (isCommand: boolean, data: Buffer): Pdv => ({ contextId: 1, isCommand, isLast: true, data });
const response = (command: CommandSet, status: number, dataSetType = 0x0101): Pdv =>
  pdv(
    true,
    encodeCommandSet({
      commandField: command.commandField | 0x8000,
      messageIdBeingRespondedTo: command.messageId ?? 0,
      status,
      dataSetType,
    }),
  );

describe('C-FIND', () => {
  const contexts = [{ abstractSyntax: STUDY_ROOT_FIND, transferSyntaxes: messageTransferSyntaxes }];
  const syntax = messageTransferSyntaxes[0] ?? '';
  const identifier = encodeFindIdentifier({ queryRetrieveLevel: 'STUDY', studyInstanceUid: '' }, syntax);

  /** Sends so many matches at once, and the rest when it is asked to stop. */
  const finder = (matches: number, afterCancel: number) => {
    const seen: number[] = [];
    let find: CommandSet | undefined;
    const match = (id: CommandSet, index: number) => [
      response(id, 0xff00, 1),
      pdv(false, encodeFindIdentifier({ studyInstanceUid: `1.2.${index}` }, syntax)),
    ];
    return {
      seen,
      answer: (command: CommandSet, send: (pdvs: Pdv[]) => void): void => {
        seen.push(command.commandField);
        if (command.commandField === commandFields.cFindRq) {
          find = command;
          for (let index = 0; index < matches; index += 1) send(match(command, index));
          if (afterCancel === 0) send([response(command, 0)]);
        }
        if (command.commandField === commandFields.cCancelRq && find !== undefined) {
          for (let index = 0; index < afterCancel; index += 1) send(match(find, index));
          send([response(find, 0xfe00)]);
        }
      },
    };
  };

  it('gives the matches in their order, and the final status', async () => {
    const association = await open(await peerThat(finder(5, 0).answer), { contexts });
    const find = association.find(STUDY_ROOT_FIND, identifier);
    const found: (string | undefined)[] = [];
    for await (const match of find) {
      const read = decodeFindIdentifier(match, syntax);
      found.push(read.ok ? read.value.studyInstanceUid : read.error);
    }
    expect(found).toEqual(['1.2.0', '1.2.1', '1.2.2', '1.2.3', '1.2.4']);
    expect(await find.outcome()).toEqual({ status: 0, truncated: false });
    await association.release();
  });

  it('cancels beyond its bound, and when the loop is left', async () => {
    const peer = finder(5, 3);
    const port = await peerThat(peer.answer);
    const association = await open(port, { contexts });
    const bounded = association.find(STUDY_ROOT_FIND, identifier, { matchesMax: 3 });
    let count = 0;
    for await (const _match of bounded) count += 1;
    expect({ count, outcome: await bounded.outcome() }).toEqual({
      count: 3,
      outcome: { status: 0xfe00, truncated: true },
    });
    for await (const _match of association.find(STUDY_ROOT_FIND, identifier)) break;
    expect(peer.seen.filter((field) => field === commandFields.cCancelRq)).toHaveLength(2);
    await association.release();
  });

  it('ends a peer whose matches go on for ever after the cancel', async () => {
    const association = await open(await peerThat(finder(1, 10_002).answer), { contexts });
    const find = association.find(STUDY_ROOT_FIND, identifier);
    for await (const _match of find) break;
    await expect(find.outcome()).rejects.toMatchObject({ code: 'bad-response' });
  });
});

describe('the asynchronous operations window', () => {
  const contexts = [{ abstractSyntax: VERIFICATION, transferSyntaxes: messageTransferSyntaxes }];

  it('is what the peer accepted; responses may come in any order', async () => {
    const waiting: CommandSet[] = [];
    const port = await peerThat(
      (command, send) => {
        waiting.push(command);
        if (waiting.length === 3) for (const one of waiting.toReversed()) send([response(one, one.messageId ?? 0)]);
      },
      { asyncOperations: { invoked: 3, performed: 1 } },
    );
    const association = await open(port, { contexts, asyncOperations: 8 });
    expect(association.accepted.operationsMax).toBe(3);
    const echoes = [association.echo(), association.echo(), association.echo()];
    await expect(association.echo()).rejects.toThrow('at most 3 requests');
    expect(await Promise.all(echoes)).toEqual([{ status: 1 }, { status: 2 }, { status: 3 }]);
    await association.release();
  });

  it('is one where the peer does not answer the proposal, and never more than was proposed', async () => {
    const silent = await open(await peerThat(() => undefined), { contexts, asyncOperations: 8 });
    expect(silent.accepted.operationsMax).toBe(1);
    await silent.release();
    server?.close();
    const port = await peerThat(() => undefined, { asyncOperations: { invoked: 50, performed: 50 } });
    const eager = await open(port, { contexts, asyncOperations: 2 });
    expect(eager.accepted.operationsMax).toBe(2);
    await eager.release();
  });

  it('ends all that is under way when a response belongs to none of it', async () => {
    const port = await peerThat((command, send) => send([response({ ...command, messageId: 999 }, 0)]), {
      asyncOperations: { invoked: 0, performed: 1 },
    });
    const association = await open(port, { contexts, asyncOperations: 2 });
    const both = [association.echo(), association.echo()];
    for (const one of both) await expect(one).rejects.toMatchObject({ code: 'bad-response' });
  });
});

describe('user identity', () => {
  it('is confirmed by the peer where that was asked for, or the association ends', async () => {
    const contexts = [{ abstractSyntax: VERIFICATION, transferSyntaxes: messageTransferSyntaxes }];
    const userIdentity = { username: 'edge', passcode: 'secret', confirm: true };
    const silent = await peerThat(() => undefined);
    await expect(open(silent, { contexts, userIdentity })).rejects.toMatchObject({
      code: 'rejected',
      transient: false,
    });
    server?.close();
    const port = await peerThat(() => undefined, { userIdentityResponse: Buffer.alloc(0) });
    const association = await open(port, { contexts, userIdentity });
    expect(association.accepted.identityConfirmed).toBe(true);
    await association.release();
  });
});
