import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { err, ok } from '../result.ts';
import type { ScpEvent } from './scp-events.ts';
import { createStoreScp, type StoreScp, type StoreScpDeps } from './store-scp.ts';
import { openAssociation, type StoreObject } from '../scu/store-scu.ts';
import type { StoreRequest, StoreSink } from './store-sink.ts';
import { APPLICATION_CONTEXT, VERIFICATION } from '../uid.ts';
import type { AssociateRq } from '../upper-layer/pdu.ts';
import { encodePdu } from '../upper-layer/pdu-encode.ts';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const MR = '1.2.840.10008.5.1.4.1.1.4';
const EXPLICIT = '1.2.840.10008.1.2.1';
const object: StoreObject = {
  sopClassUid: CT,
  sopInstanceUid: '1.2.3',
  transferSyntaxUid: EXPLICIT,
  dataSet: Buffer.alloc(300_000, 7),
};

let scp: StoreScp | undefined;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await scp?.close();
  scp = undefined;
});

type Kept = { readonly request: StoreRequest; bytes: number; ended: 'committed' | 'aborted' | undefined };

function memorySink(): StoreSink & { readonly kept: Kept[] } {
  const kept: Kept[] = [];
  return {
    kept,
    async begin(request) {
      const one: Kept = { request, bytes: 0, ended: undefined };
      kept.push(one);
      return ok({
        async write(bytes) {
          one.bytes += bytes.length;
        },
        async commit() {
          one.ended = 'committed';
          return { status: 0 };
        },
        async abort() {
          one.ended ??= 'aborted';
        },
      });
    },
  };
}

async function start(
  sink: StoreSink,
  limits: StoreScpDeps['limits'] = {},
): Promise<{ port: number; events: ScpEvent[] }> {
  const events: ScpEvent[] = [];
  scp = createStoreScp({
    listen: [{ host: '127.0.0.1', port: 0 }],
    policy: {
      sources: [{ aeTitle: 'A', addresses: ['127.0.0.1'], calledAeTitles: ['B'], associationsMax: 2 }],
      associationsMax: 3,
    },
    limits: { closeGrace_ms: 50, ...limits },
    sink,
    onEvent: (event) => events.push(event),
  });
  await scp.start();
  return { port: scp.addresses()[0]?.port ?? 0, events };
}

const open = (port: number) =>
  openAssociation({
    host: '127.0.0.1',
    port,
    callingAeTitle: 'A',
    calledAeTitle: 'B',
    contexts: [VERIFICATION, CT, MR].map((abstractSyntax) => ({ abstractSyntax, transferSyntaxes: [EXPLICIT] })),
  });

/** A peer that speaks PDUs by hand. */
function raw(port: number): { socket: Socket; closed: Promise<Buffer> } {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  const received: Buffer[] = [];
  socket.on('data', (chunk) => received.push(chunk));
  const closed = new Promise<Buffer>((resolve) => {
    socket.on('error', () => resolve(Buffer.concat(received)));
    socket.on('close', () => resolve(Buffer.concat(received)));
  });
  return { socket, closed };
}

const rq: AssociateRq = {
  type: 'associate-rq',
  protocolVersion: 1,
  calledAeTitle: 'B',
  callingAeTitle: 'A',
  applicationContext: APPLICATION_CONTEXT,
  contexts: [{ id: 1, abstractSyntax: CT, transferSyntaxes: [EXPLICIT] }],
  user: { maxPduLength: 16_384, implementationClassUid: '1.2', implementationVersionName: '' },
};
const request = encodePdu(rq);

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe('the Store SCP', () => {
  it('passes every byte on before it answers', async () => {
    const sink = memorySink();
    const { port, events } = await start(sink);
    const association = await open(port);
    expect(await association.store(object)).toEqual({ status: 0 });
    expect(sink.kept).toMatchObject([{ bytes: 300_000, ended: 'committed' }]);
    await association.release();
    await until(() => events.length === 3);
    expect(events.map((event) => event.type)).toEqual([
      'association-accepted',
      'instance-stored',
      'association-released',
    ]);
  });

  it.each([
    ['a SOP instance UID that is none', { sopInstanceUid: '../../etc' }, 0x0117],
    ['an empty SOP instance UID', { sopInstanceUid: '' }, 0x0117],
    ['a SOP instance UID of 65 characters', { sopInstanceUid: `1.${'2'.repeat(63)}` }, 0x0117],
  ])('refuses %s and goes on', async (_case, differs, status) => {
    const sink = memorySink();
    const { port } = await start(sink);
    const association = await open(port);
    expect(await association.store({ ...object, ...differs })).toMatchObject({ status });
    expect(sink.kept).toEqual([]);
    expect(await association.store(object)).toEqual({ status: 0 });
    await association.release();
  });

  it('answers what the sink says, and 0110H where it throws', async () => {
    const faults: string[] = [];
    const wait = (where: string, at: string) => (where === at ? Promise.reject(new Error(at)) : Promise.resolve());
    for (const where of ['refuse', 'begin', 'write', 'commit']) {
      const { port, events } = await start({
        async begin() {
          await wait(where, 'begin');
          if (where === 'refuse') return err({ status: 0xa700, comment: 'full' });
          return ok({
            write: () => wait(where, 'write'),
            commit: async () => {
              await wait(where, 'commit');
              return { status: 0 };
            },
            abort: () => Promise.resolve(),
          });
        },
      });
      const association = await open(port);
      const answer = await association.store(object);
      expect({ where, status: answer.status }).toEqual({ where, status: where === 'refuse' ? 0xa700 : 0x0110 });
      expect(await association.echo()).toEqual({ status: 0 });
      await association.release();
      for (const event of events) if (event.type === 'fault') faults.push(String(event.error));
      await scp?.close();
    }
    expect(faults).toEqual(['Error: begin', 'Error: write', 'Error: commit']);
  });

  it('gives up an object whose sender goes away', async () => {
    const sink = memorySink();
    const { port, events } = await start(sink);
    const association = await open(port);
    async function* half() {
      yield Buffer.alloc(200_000);
      await until(() => (sink.kept[0]?.bytes ?? 0) > 0);
      association.abort();
      yield Buffer.alloc(1);
    }
    await expect(association.store({ ...object, dataSet: half() })).rejects.toMatchObject({ code: 'aborted' });
    await until(() => events.some((event) => event.type === 'association-aborted'));
    expect(sink.kept).toMatchObject([{ ended: 'aborted' }]);
  });

  it('is not held up by a sender that stalls, and ends it', async () => {
    const sink = memorySink();
    const { port, events } = await start(sink, { idle_ms: 2_000, progressWindow_ms: 2_000 });
    const stalled = raw(port);
    stalled.socket.write(request);
    await until(() => events.length === 1);
    const association = await open(port);
    expect(await association.store(object)).toEqual({ status: 0 });
    await association.release();
    const answer = await stalled.closed;
    expect(answer.includes(encodePdu({ type: 'abort', source: 0, reason: 0 }))).toBe(true);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'association-aborted', by: 'us', why: 'nothing came for 2000 ms' }),
    );
  });

  it('ends a connection on which no association request comes, by the ARTIM timer', async () => {
    const { port, events } = await start(memorySink(), { artim_ms: 50 });
    const silent = raw(port);
    expect((await silent.closed).length).toBe(0);
    await until(() => events.length === 1);
    expect(events).toMatchObject([{ type: 'connection-failed' }]);
  });

  it('aborts what is no DICOM, and an absurd PDU length', async () => {
    const { port } = await start(memorySink());
    const browser = raw(port);
    browser.socket.write('GET / HTTP/1.1\r\n\r\n');
    const absurd = raw(port);
    absurd.socket.write(Buffer.concat([request, Buffer.from([0x04, 0, 0x7f, 0xff, 0xff, 0xff])]));
    await until(() => browser.socket.bytesRead >= 10 && absurd.socket.bytesRead > 100);
    browser.socket.end();
    absurd.socket.end();
    expect((await browser.closed)[0]).toBe(0x07);
    expect((await absurd.closed).includes(encodePdu({ type: 'abort', source: 2, reason: 6 }))).toBe(true);
  });

  it('stores nothing on a context that is not for storage', async () => {
    const sink = memorySink();
    const { port } = await start(sink);
    const association = await open(port);
    expect(await association.store({ ...object, sopClassUid: VERIFICATION })).toMatchObject({ status: 0x0122 });
    expect(sink.kept).toEqual([]);
    await association.release();
  });

  it.each([
    ['one context id twice', [1, 1]],
    ['more contexts than there are ids', Array.from({ length: 129 }, (_, i) => (2 * i + 1) % 256)],
  ])('aborts a request with %s, for nobody could tell which of them an object is sent on', async (_case, ids) => {
    const { port, events } = await start(memorySink());
    const peer = raw(port);
    const contexts = ids.map((id) => ({ id, abstractSyntax: CT, transferSyntaxes: [EXPLICIT] }));
    peer.socket.write(encodePdu({ ...rq, contexts }));
    await until(() => peer.socket.bytesRead >= 10);
    peer.socket.end();
    expect(await peer.closed).toEqual(encodePdu({ type: 'abort', source: 2, reason: 6 }));
    expect(events).toMatchObject([{ type: 'connection-failed' }]);
  });

  it('lets no address take all the places of those who have not asked yet', async () => {
    const { port, events } = await start(memorySink(), { connectionsMax: 8, waitingPerAddressMax: 3 });
    const silent = Array.from({ length: 4 }, () => raw(port));
    await Promise.race(silent.map(({ closed }) => closed));
    expect(events).toMatchObject([
      { type: 'connection-failed', why: '127.0.0.1 has 3 connections without an association' },
    ]);
    for (const { socket } of silent) socket.destroy();
    await until(() => events.length === 4);
    const [one, two] = [await open(port), await open(port)];
    await Promise.all([one.release(), two.release()]);
    // Those with an association do not count, and those that ended count down.
    for (let round = 0; round < 5; round += 1) await (await open(port)).release();
  });

  it('when it closes, still answers for an object that is being committed', async () => {
    let committing = false;
    let finish: () => void = () => undefined;
    const { port } = await start(
      {
        begin: async () =>
          ok({
            write: () => Promise.resolve(),
            commit: () => {
              committing = true;
              return new Promise((resolve) => {
                finish = () => resolve({ status: 0 });
              });
            },
            abort: () => Promise.resolve(),
          }),
      },
      { closeGrace_ms: 5_000 },
    );
    const association = await open(port);
    const stored = association.store(object);
    await until(() => committing);
    const closed = scp?.close();
    finish();
    expect(await stored).toEqual({ status: 0 });
    await closed;
  });

  it('holds its limits and counts down again', async () => {
    const { port } = await start(memorySink());
    const [one, two] = [await open(port), await open(port)];
    await expect(open(port)).rejects.toMatchObject({ code: 'rejected', transient: true });
    await one.release();
    const three = await open(port);
    await Promise.all([two.release(), three.release()]);
  });
});
