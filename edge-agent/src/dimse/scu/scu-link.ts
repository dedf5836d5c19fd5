import { AssociationError } from '../association-error.ts';
import { systemClock } from '../clock.ts';
import { eventReportOf, responseTo } from '../event-report.ts';
import { type CollectedDataSet, collectDataSet } from '../message/collected-data-set.ts';
import { type CommandSet, commandFields, RESPONSE_BIT } from '../message/command-set.ts';
import { createMessageReader } from '../message/message-reader.ts';
import { status } from '../message/statuses.ts';
import { createRequester, type Requester } from '../requester.ts';
import { defaultScuTimeouts, type OpenAssociation, SCU_PDU_BYTES_MAX } from './scu-options.ts';
import { type Accepted, acceptedOf, requestOf } from './scu-request.ts';
import { connectTransport } from './scu-transport.ts';
import type { StoreOutcome } from '../scp/store-sink.ts';
import { type Connection, createConnection, type Indication } from '../upper-layer/connection.ts';
import type { AssociateAc, AssociateRj, Pdv } from '../upper-layer/pdu.ts';
import { isTransient, refusalText } from '../upper-layer/refusal.ts';

/** An association that we opened, as its services see it: what was accepted, requests, and the end. */
export type ScuLink = {
  readonly accepted: Accepted;
  readonly requester: Requester;
  readonly release: () => Promise<void>;
  readonly abort: () => void;
};

type Answer = AssociateAc | AssociateRj | { readonly type: 'release-rp' };
type Waiting = {
  readonly step: 'associate' | 'release';
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: AssociationError) => void;
  readonly cancel: () => void;
};

/**
 * Opens an association as requestor (PS3.7 §D, PS3.8 §7.1).
 *
 * @throws AssociationError naming the step that failed
 */
export async function openLink(options: OpenAssociation): Promise<ScuLink> {
  const clock = options.clock ?? systemClock;
  const timeouts_ms = { ...defaultScuTimeouts, ...options.timeouts_ms };
  const request = requestOf(options);
  const socket = await connectTransport(options, timeouts_ms.connect, clock);
  const reader = createMessageReader();
  let accepted: Accepted | undefined;
  let waiting: Waiting | undefined;
  /** The command whose data set is arriving. */
  let arriving: { readonly command: CommandSet; readonly dataSet: CollectedDataSet } | undefined;
  /** An event report that is being answered. */
  let answering: Promise<void> | undefined;

  const connection: Connection = createConnection({
    socket,
    role: 'requestor',
    clock,
    artim_ms: timeouts_ms.release,
    pduBytesMax: SCU_PDU_BYTES_MAX,
    onIndication,
  });
  const requester = createRequester({
    connection,
    clock,
    response_ms: timeouts_ms.response,
    peerPduBytesMax: () => accepted?.peerPduBytesMax ?? 0,
    windowMax: () => accepted?.operationsMax ?? 1,
    peerName: () => options.calledAeTitle,
  });

  function onIndication(indication: Indication): void | Promise<void> {
    switch (indication.type) {
      case 'associate-ac':
      case 'associate-rj':
      case 'release-rp':
        return settle(indication);
      case 'release-rq':
        connection.confirmRelease();
        if (waiting?.step === 'release') return; // Both released at once; the peer's A-RELEASE-RP is still to come.
        return fail('closed', 'the peer released the association');
      case 'aborted':
        return fail('aborted', indication.by === 'us' ? indication.why : `${indication.by}: ${indication.why}`);
      case 'p-data':
        return data(indication.pdvs);
      case 'associate-rq':
        return; // The machine aborts before a requestor could see one.
    }
  }

  async function data(pdvs: readonly Pdv[]): Promise<void> {
    for (const pdv of pdvs) {
      if (requester.over() !== undefined) return;
      const part = reader.push(pdv);
      if (!part.ok) return connection.abort(part.error);
      if (part.value === undefined) continue;
      if (part.value.type === 'command') {
        const { command } = part.value;
        if (part.value.dataSetFollows) arriving = { command, dataSet: collectDataSet() };
        else await message(pdv.contextId, command, undefined);
      } else if (arriving !== undefined) {
        arriving.dataSet.push(part.value.bytes);
        if (!part.value.isLast) continue;
        const whole = arriving.dataSet.take();
        if (whole === undefined) return connection.abort('a data set longer than any that was asked for');
        const { command } = arriving;
        arriving = undefined;
        await message(pdv.contextId, command, whole);
      }
    }
  }

  async function message(contextId: number, command: CommandSet, dataSet: Buffer | undefined): Promise<void> {
    if ((command.commandField & RESPONSE_BIT) !== 0) return requester.settle({ command, dataSet });
    // One at a time: a peer that reports faster than its reports are taken waits. A response is read meanwhile.
    await answering;
    answering = answerRequest(contextId, command, dataSet);
  }

  async function answerRequest(contextId: number, command: CommandSet, dataSet: Buffer | undefined): Promise<void> {
    const outcome = await outcomeFor(contextId, command, dataSet);
    await requester.respond(contextId, responseTo(command, outcome));
  }

  async function outcomeFor(contextId: number, command: CommandSet, dataSet?: Buffer): Promise<StoreOutcome> {
    const context = accepted?.contexts.find(({ id }) => id === contextId);
    const handler = options.onEventReport;
    if (context === undefined || handler === undefined || command.commandField !== commandFields.nEventReportRq)
      return { status: status.unrecognizedOperation };
    try {
      return await handler(eventReportOf(command, dataSet, context.transferSyntax));
    } catch {
      // The peer is told that we failed and asks again; what failed is the handler's to report.
      return { status: status.processingFailure, comment: 'a fault of the receiver' };
    }
  }

  function settle(answer: Answer): void {
    const one = waiting;
    waiting = undefined;
    one?.cancel();
    one?.resolve(answer);
  }

  function fail(code: 'aborted' | 'closed' | 'timed-out', why: string): void {
    requester.fail(code, why);
    const one = waiting;
    waiting = undefined;
    one?.cancel();
    const over = requester.over() ?? { code, why };
    one?.reject(new AssociationError(over.code, one.step, over.why));
  }

  /** The answer to what is sent; the association is aborted when it does not come in time. */
  function answer(step: Waiting['step']): Promise<Answer> {
    const over = requester.over();
    if (over !== undefined) return Promise.reject(new AssociationError(over.code, step, over.why));
    return new Promise((resolve, reject) => {
      const cancel = clock.after(timeouts_ms[step], () => {
        fail('timed-out', `no answer from ${options.calledAeTitle} within ${timeouts_ms[step]} ms (${step})`);
        connection.abort('timed out');
        connection.destroy();
      });
      waiting = { step, resolve, reject, cancel };
    });
  }

  async function negotiated(): Promise<AssociateAc> {
    const answered = answer('associate');
    // The connection runs until its end on its own; a fault in it ends whatever is being waited for.
    void connection.run(request).then(
      () => fail('closed', 'the association is closed'),
      (error: unknown) => fail('aborted', error instanceof Error ? error.message : String(error)),
    );
    const reply = await answered;
    if (reply.type === 'associate-ac') return reply;
    const transient = reply.type === 'associate-rj' && isTransient(reply);
    const why = reply.type === 'associate-rj' ? refusalText(reply) : 'an unexpected answer';
    throw new AssociationError('rejected', 'associate', `${options.calledAeTitle}: ${why}`, { transient });
  }

  const result = acceptedOf(request, await negotiated());
  accepted = result;
  if (result.contexts.length === 0) {
    connection.abort('no presentation context was accepted');
    throw new AssociationError('no-accepted-context', 'associate', `${options.calledAeTitle} accepted no context`);
  }
  if (options.userIdentity?.confirm === true && !result.identityConfirmed) {
    connection.abort('our identity was not confirmed');
    const why = `${options.calledAeTitle} did not confirm our user identity`;
    throw new AssociationError('rejected', 'associate', why, { transient: false });
  }

  return {
    accepted: result,
    requester,
    async release() {
      const released = answer('release');
      connection.requestRelease();
      await released;
    },
    abort() {
      connection.abort('aborted by us');
      connection.destroy();
    },
  };
}
