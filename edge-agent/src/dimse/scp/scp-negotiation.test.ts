import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  messageTransferSyntaxes,
  ok,
  type OpenAssociation,
  openAssociation,
  oneUser,
  type ScpEvent,
  type StoreOutcome,
  type StoreScp,
  type StoreScpDeps,
  createStoreScp,
  VERIFICATION,
} from '../index.ts';
import type { Clock } from '../clock.ts';
import { encodeCommandSet } from '../message/command-set.ts';
import { APPLICATION_CONTEXT } from '../uid.ts';
import type { AssociateRq } from '../upper-layer/pdu.ts';
import { encodePdu } from '../upper-layer/pdu-encode.ts';
import { decodeOne } from '../upper-layer/pdu-reader.ts';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const EXPLICIT = '1.2.840.10008.1.2.1';

let scp: StoreScp | undefined;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await scp?.close();
  scp = undefined;
});

type Commit = (index: number) => Promise<StoreOutcome>;

async function start(
  more: Partial<StoreScpDeps> & { readonly source?: object; readonly commit?: Commit } = {},
): Promise<{ port: number; events: ScpEvent[] }> {
  const { source, commit = async () => ({ status: 0 }), ...deps } = more;
  const events: ScpEvent[] = [];
  let begun = 0;
  scp = createStoreScp({
    listen: [{ host: '127.0.0.1', port: 0 }],
    policy: {
      sources: [{ aeTitle: 'A', addresses: ['127.0.0.1'], calledAeTitles: ['B'], associationsMax: 1, ...source }],
      associationsMax: 9,
    },
    sink: {
      async begin() {
        begun += 1;
        const index = begun;
        return ok({ write: async () => undefined, commit: () => commit(index), abort: async () => undefined });
      },
    },
    onEvent: (event) => events.push(event),
    ...deps,
    limits: { closeGrace_ms: 50, ...deps.limits },
  });
  await scp.start();
  return { port: scp.addresses()[0]?.port ?? 0, events };
}

const open = (port: number, more: Partial<OpenAssociation> = {}) =>
  openAssociation({
    ...{ host: '127.0.0.1', port, callingAeTitle: 'A', calledAeTitle: 'B' },
    contexts: [VERIFICATION, CT].map((abstractSyntax) => ({
      abstractSyntax,
      transferSyntaxes: messageTransferSyntaxes,
    })),
    ...more,
  });

const object = (index: number) => ({
  sopClassUid: CT,
  sopInstanceUid: `1.2.${index}`,
  transferSyntaxUid: EXPLICIT,
  dataSet: Buffer.alloc(100_000, index),
});

/** Time that passes when the test says so. */
function manualTime(): { readonly clock: Clock; readonly pass: (ms: number) => void } {
  let now_ms = 0;
  const due = new Set<{ readonly at_ms: number; readonly run: () => void }>();
  return {
    clock: {
      now_ms: () => now_ms,
      after(delay_ms, run) {
        const one = { at_ms: now_ms + delay_ms, run };
        due.add(one);
        return () => due.delete(one);
      },
    },
    pass(ms) {
      for (const end_ms = now_ms + ms; now_ms < end_ms; now_ms += 1)
        for (const one of [...due]) if (one.at_ms <= now_ms && due.delete(one)) one.run();
    },
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe('a window of asynchronous operations', () => {
  it('commits what is in flight at the same time, and answers each as it is safe', async () => {
    const waiting = new Map<number, () => void>();
    const { port } = await start({
      limits: { operationsMax: 3 },
      commit: (index) =>
        new Promise((resolve) => {
          waiting.set(index, () => resolve({ status: 0, comment: `number ${index}` }));
        }),
    });
    const association = await open(port, { asyncOperations: 8 });
    expect(association.accepted.operationsMax).toBe(3);
    const order: number[] = [];
    const stored = [1, 2, 3].map(async (index) => {
      const outcome = await association.store(object(index));
      order.push(index);
      return outcome;
    });
    await until(() => waiting.size === 3);
    for (const index of [3, 1, 2]) {
      waiting.get(index)?.();
      await until(() => order.includes(index));
    }
    expect(order).toEqual([3, 1, 2]);
    expect(await Promise.all(stored)).toEqual([1, 2, 3].map((index) => ({ status: 0, comment: `number ${index}` })));
    await association.release();
  });

  it('is worked on no further than it reaches, whatever a peer sends', async () => {
    let committing = 0;
    let most = 0;
    const { port } = await start({
      limits: { operationsMax: 2 },
      async commit() {
        committing += 1;
        most = Math.max(most, committing);
        await new Promise((resolve) => setTimeout(resolve, 5));
        committing -= 1;
        return { status: 0 };
      },
    });
    const association = await open(port, { asyncOperations: 2 });
    const many = Array.from({ length: 20 }, (_, index) => index);
    const workers = [0, 1].map(async (worker) => {
      for (const index of many.filter((one) => one % 2 === worker))
        expect(await association.store(object(index))).toEqual({ status: 0 });
    });
    await Promise.all(workers);
    expect(most).toBe(2);
    await association.release();
  });

  it('does not call a peer idle that waits for our answer', async () => {
    let finish: (() => void) | undefined;
    const time = manualTime();
    const { port, events } = await start({
      clock: time.clock,
      limits: { operationsMax: 2, idle_ms: 80, progressWindow_ms: 80 },
      commit: () =>
        new Promise((resolve) => {
          finish = () => resolve({ status: 0 });
        }),
    });
    const association = await open(port, { asyncOperations: 2 });
    const stored = association.store(object(1));
    await until(() => finish !== undefined);
    time.pass(400);
    finish?.();
    expect(await stored).toEqual({ status: 0 });
    await association.release();
    await until(() => events.some(({ type }) => type === 'association-released'));
  });
});

describe('a user identity', () => {
  it('is asked for, checked, and confirmed when that is wanted', async () => {
    const { port, events } = await start({ source: { identify: oneUser('ct', 'secret') } });
    await expect(open(port)).rejects.toMatchObject({ code: 'rejected', transient: false });
    const wrong = { username: 'ct', passcode: 'guess' };
    await expect(open(port, { userIdentity: wrong })).rejects.toMatchObject({ code: 'rejected' });
    const association = await open(port, { userIdentity: { username: 'ct', passcode: 'secret', confirm: true } });
    expect(association.accepted.identityConfirmed).toBe(true);
    await association.release();
    const whys = events.map((event) => ('why' in event ? event.why : ''));
    expect(whys.join(' ')).not.toContain('secret');
  });

  it('is not confirmed where nobody checked it', async () => {
    const { port } = await start();
    const association = await open(port, { userIdentity: { username: 'x', passcode: 'y' } });
    expect(association.accepted.identityConfirmed).toBe(false);
    await association.release();
  });
});

describe('roles', () => {
  it('of a storage SCP are not given to the requestor', async () => {
    const { port } = await start();
    const roles = (scu: boolean, scp_: boolean) => [{ sopClassUid: CT, scu, scp: scp_ }];
    const both = await open(port, { roles: roles(true, true) });
    expect(both.accepted.roles).toEqual(roles(true, false));
    expect(await both.store(object(1))).toEqual({ status: 0 });
    await both.release();
    const scpOnly = await open(port, { roles: roles(false, true) });
    expect(scpOnly.accepts(CT, EXPLICIT)).toBe(false);
    await scpOnly.release();
  });
});

describe('presentation contexts', () => {
  const source = { aeTitle: 'A', addresses: ['127.0.0.1'], calledAeTitles: ['B'], associationsMax: 1 };
  const [IMPLICIT, BIG_ENDIAN, PRIVATE] = ['1.2.840.10008.1.2', '1.2.840.10008.1.2.2', '1.2.3.4'];
  const chosen = async (policy: object, transferSyntaxes: readonly string[], abstractSyntax = CT) => {
    const { port } = await start({ policy: { sources: [source], associationsMax: 9, ...policy } });
    const contexts = [abstractSyntax, VERIFICATION].map((one) => ({ abstractSyntax: one, transferSyntaxes }));
    const association = await open(port, { contexts });
    const found = association.transferSyntaxOf(abstractSyntax);
    await association.release();
    await scp?.close();
    return found;
  };

  it('are in the transfer syntax that we prefer, else in the first one that the sender names', async () => {
    const preferredTransferSyntaxes = [BIG_ENDIAN, EXPLICIT];
    expect(await chosen({}, [IMPLICIT, EXPLICIT])).toBe(IMPLICIT);
    expect(await chosen({ preferredTransferSyntaxes }, [IMPLICIT, EXPLICIT])).toBe(EXPLICIT);
    expect(await chosen({ preferredTransferSyntaxes: [BIG_ENDIAN] }, [IMPLICIT, EXPLICIT])).toBe(IMPLICIT);
    expect(await chosen({ preferredTransferSyntaxes: [PRIVATE] }, [PRIVATE, EXPLICIT])).toBe(EXPLICIT);
  });

  it('of a private class are taken where it is listed', async () => {
    expect(await chosen({}, [EXPLICIT], PRIVATE)).toBeUndefined();
    expect(await chosen({ extraSopClasses: [PRIVATE] }, [EXPLICIT], PRIVATE)).toBe(EXPLICIT);
  });
});

describe('a place', () => {
  it('is waited for, by more than one', async () => {
    const { port } = await start({ limits: { associationWait_ms: 20_000 } });
    const first = await open(port);
    const order: string[] = [];
    const next = ['second', 'third'].map(async (name) => {
      const association = await open(port);
      order.push(name);
      await association.release();
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(order).toEqual([]);
    await first.release();
    await Promise.all(next);
    expect(order.toSorted()).toEqual(['second', 'third']);
  });

  it('is refused when the wait is over', async () => {
    const { port, events } = await start({ limits: { associationWait_ms: 50 } });
    const first = await open(port);
    await expect(open(port)).rejects.toMatchObject({ code: 'rejected', transient: true });
    expect(events).toContainEqual(expect.objectContaining({ limit: 'source-associations' }));
    await first.release();
  });

  it('is not held for who went away while waiting', async () => {
    const { port, events } = await start({ limits: { associationWait_ms: 20_000 } });
    const first = await open(port);
    const gone = raw(port);
    gone.socket.write(encodePdu(rq));
    await new Promise((resolve) => setTimeout(resolve, 30));
    gone.socket.destroy();
    await until(() => events.some(({ type }) => type === 'connection-failed'));
    await first.release();
    await (await open(port)).release();
  });

  it('is not to be had in congestion, and told as that', async () => {
    let full = true;
    const { port, events } = await start({ congested: () => (full ? 'the disk is nearly full' : undefined) });
    await expect(open(port)).rejects.toMatchObject({ transient: true, message: expect.stringContaining('congestion') });
    expect(events).toMatchObject([{ type: 'association-rejected', limit: 'congestion' }]);
    full = false;
    await (await open(port)).release();
  });
});

const rq: AssociateRq = {
  ...{ type: 'associate-rq', protocolVersion: 1, calledAeTitle: 'B', callingAeTitle: 'A' },
  applicationContext: APPLICATION_CONTEXT,
  contexts: [{ id: 1, abstractSyntax: CT, transferSyntaxes: [EXPLICIT] }],
  user: { maxPduLength: 16_384, implementationClassUid: '1.2', implementationVersionName: '' },
};

function raw(port: number): { socket: Socket; answer: () => Promise<Buffer> } {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  let received: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => (received = Buffer.concat([received, chunk])));
  socket.on('error', () => undefined);
  return {
    socket,
    async answer() {
      await until(() => received.length >= 10 || socket.destroyed);
      const all = received;
      received = Buffer.alloc(0);
      return all;
    },
  };
}

const pData = (contextId: number, data: Buffer = Buffer.alloc(2)): Buffer =>
  encodePdu({ type: 'p-data', pdvs: [{ contextId, isCommand: true, isLast: true, data }] });
const echo = encodeCommandSet({ commandField: 0x0030, dataSetType: 0x0101, messageId: 1 });

/** PS3.8 Table 9-21 and Table 9-26, as they are seen on the wire. */
describe('what a peer is told', () => {
  it.each<[string, Partial<AssociateRq>, readonly [number, number, number]]>([
    ['unknown calling AE title', { callingAeTitle: 'X' }, [1, 1, 3]],
    ['unknown called AE title', { calledAeTitle: 'X' }, [1, 1, 7]],
    ['application context', { applicationContext: '1.2' }, [1, 1, 2]],
    ['protocol version', { protocolVersion: 2 }, [1, 2, 2]],
  ])('A-ASSOCIATE-RJ for %s', async (_case, differs, [result, source, reason]) => {
    const { port } = await start();
    const peer = raw(port);
    peer.socket.write(encodePdu({ ...rq, ...differs }));
    expect(decodeOne(await peer.answer())).toEqual({
      ok: true,
      value: { type: 'associate-rj', result, source, reason },
    });
  });

  it.each<[string, Buffer | undefined, Buffer, readonly [number, number]]>([
    ['an unrecognized PDU', encodePdu(rq), Buffer.from([0x2a, 0, 0, 0, 0, 0]), [2, 1]],
    ['an unexpected PDU', encodePdu(rq), encodePdu(rq), [2, 2]],
    ['a PDU of 4 GiB', encodePdu(rq), Buffer.from([4, 0, 0xff, 0xff, 0xff, 0xff]), [2, 6]],
    ['a PDV that claims more than its PDU', encodePdu(rq), Buffer.from([4, 0, 0, 0, 0, 6, 0, 0, 0, 9, 1, 3]), [2, 6]],
    ['a context that was not agreed', encodePdu(rq), pData(99, echo), [2, 6]],
    ['a command that is none', encodePdu(rq), pData(1), [0, 0]],
    ['data before an association', undefined, pData(1), [0, 0]],
    ['two contexts of one id', undefined, encodePdu({ ...rq, contexts: [...rq.contexts, ...rq.contexts] }), [2, 6]],
  ])('A-ABORT for %s', async (_case, before, bytes, [source, reason]) => {
    const { port } = await start();
    const peer = raw(port);
    if (before !== undefined) {
      peer.socket.write(before);
      await peer.answer(); // The A-ASSOCIATE-AC.
    }
    peer.socket.write(bytes);
    expect(decodeOne(await peer.answer())).toEqual({ ok: true, value: { type: 'abort', source, reason } });
  });
});
