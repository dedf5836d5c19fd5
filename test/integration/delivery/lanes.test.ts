import { createServer, type Server, type Socket } from 'node:net';
import {
  createStoreScp,
  ok,
  type ScpEvent,
  type StoreOutcome,
  type StoreRequest,
} from '@collimator/edge-agent/dimse/index';
import { retryStudy } from '@collimator/edge-agent/store/sqlite-retries';
import { createSqliteHolds } from '@collimator/edge-agent/store/sqlite-holds';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startListener } from '../../conformance/dimse/peers.ts';
import { freePort } from '../../free-ports.ts';
import { createDeliveryWorld, type DeliveryWorld } from './delivery-world.ts';

let world: DeliveryWorld;
beforeEach(async () => {
  world = await createDeliveryWorld();
});
afterEach(() => world.close());

const stateOf = (destination: string): string[] =>
  world
    .states()
    .filter((one) => one.destination === destination)
    .map(({ state }) => state);

/** A destination of ours whose answers are made by the test. */
async function startReceiver(answer: (request: StoreRequest, nth: number) => StoreOutcome | Promise<StoreOutcome>) {
  const events: ScpEvent[] = [];
  const received: string[] = [];
  const scp = createStoreScp({
    listen: [{ host: '127.0.0.1', port: 0 }],
    policy: {
      sources: [{ aeTitle: '*', addresses: ['127.0.0.1/32'], calledAeTitles: ['PACS'], associationsMax: 8 }],
      associationsMax: 8,
    },
    sink: {
      begin: async (request) =>
        ok({
          write: () => Promise.resolve(),
          commit: async () => {
            received.push(request.sopInstanceUid);
            return answer(request, received.length);
          },
          abort: () => Promise.resolve(),
        }),
    },
    onEvent: (event) => void events.push(event),
  });
  await scp.start();
  world.endWith(() => scp.close());
  const port = scp.addresses()[0]?.port ?? 0;
  const associations = (): number => events.filter(({ type }) => type === 'association-accepted').length;
  const released = (): number => events.filter(({ type }) => type === 'association-released').length;
  return { port, received, associations, released };
}

const pacs = (port: number, more: object = {}) => ({
  ...{ name: 'pacs', kind: 'dimse', ae_title: 'PACS', host: '127.0.0.1', port },
  ...more,
});

/** Takes connections and never says a word. */
async function startBlackHole(): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  world.endWith(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as { port: number }).port;
}

describe('destinations', () => {
  it('that are away in any way hold up nobody else', async () => {
    const port = await freePort();
    const storescp = await startListener('storescp', ['-od', world.folder, '-aet', 'PACS', String(port)], port);
    world.endWith(() => storescp.stop());
    const away = ['hole', 'refused', 'unknown', 'other-title'];
    for (let job = 0; job < 5; job++) await world.makeJob([...away, 'pacs']);
    const timeouts = { timeouts: { connect_s: 0.3, response_s: 0.3 } };
    world.lane(pacs(await startBlackHole(), { name: 'hole', ...timeouts }));
    world.lane(pacs(await freePort(), { name: 'refused', ...timeouts }));
    world.lane(pacs(104, { name: 'unknown', host: 'no-such-host.invalid', ...timeouts }));
    world.lane(pacs((await startReceiver(() => ({ status: 0 }))).port, { name: 'other-title', ae_title: 'X' }));
    world.lane(pacs(port));
    await vi.waitFor(() => expect(stateOf('pacs')).toEqual(Array(10).fill('sent')));
    for (const name of away) {
      await vi.waitFor(() => {
        const states = world.states().filter((one) => one.destination === name);
        const waits = { state: 'pending', class: 'transient', code: 'delivery-unreachable', mayHave: 0 };
        expect(states).toMatchObject(states.map(() => waits));
        expect(states[0]?.attempts).toBeGreaterThan(0);
      });
      const told = world.events.filter((event) => event.name === 'destination-away');
      expect(told.some(({ fields }) => fields?.['destination'] === name)).toBe(true);
    }
    const backlog = new Map(world.deliveries.backlog().map(({ destination, pending }) => [destination, pending]));
    expect(backlog).toEqual(new Map(away.map((name) => [name, 10])));
  });

  it('get many objects over one association, which is kept for a while and then released', async () => {
    const receiver = await startReceiver(() => ({ status: 0 }));
    for (let job = 0; job < 40; job++) await world.makeJob(['pacs']);
    const lane = world.lane(pacs(receiver.port, { association: { idle_s: 0.5 } }));
    await vi.waitFor(() => expect(stateOf('pacs')).toEqual(Array(80).fill('sent')));
    await world.makeJob(['pacs']);
    lane.wake();
    await vi.waitFor(() => expect(stateOf('pacs')).toEqual(Array(82).fill('sent')));
    expect([receiver.associations(), receiver.received.length]).toEqual([1, 82]);
    await vi.waitFor(() => expect(receiver.released()).toBe(1));
    // Another SOP class than any before needs an association that offers it.
    await world.makeJob(['pacs'], [sopClasses.secondaryCapture, sopClasses.comprehensiveSr]);
    lane.wake();
    await vi.waitFor(() => expect(stateOf('pacs')).toEqual(Array(84).fill('sent')));
  });

  it('get no more objects over one association than is allowed', async () => {
    const receiver = await startReceiver(() => ({ status: 0 }));
    for (let job = 0; job < 5; job++) await world.makeJob(['pacs']);
    world.lane(pacs(receiver.port, { association: { objects_max: 3 } }));
    await vi.waitFor(() => expect(stateOf('pacs')).toEqual(Array(10).fill('sent')));
    expect(receiver.associations()).toBe(4);
  });

  it('that refuse one object get the others, and their words are kept', async () => {
    const [first = 0] = await world.makeJob(['pacs']);
    for (let job = 0; job < 3; job++) await world.makeJob(['pacs']);
    const uid = world.states().find(({ result }) => result === first)?.uid;
    const receiver = await startReceiver((request) =>
      request.sopInstanceUid === uid ? { status: 0xa900, comment: 'no match for 1.2.3.4.5.6.7' } : { status: 0xb000 },
    );
    world.lane(pacs(receiver.port));
    await vi.waitFor(() => expect(stateOf('pacs')).toEqual(['failed', ...Array(7).fill('sent')]));
    expect(world.states()[0]).toMatchObject({
      ...{ class: 'permanent', code: 'delivery-refused', status: 0xa900, comment: 'no match for (UID)', mayHave: 0 },
    });
    expect(world.states()[1]).toMatchObject({ status: 0xb000, mayHave: 1 });
    expect(receiver.received).toHaveLength(8);
  });

  it('that fail over one object get the others, and that one is never called sent', async () => {
    const [poison = 0] = await world.makeJob(['pacs']);
    for (let job = 0; job < 3; job++) await world.makeJob(['pacs']);
    const uid = world.states().find(({ result }) => result === poison)?.uid;
    const receiver = await startReceiver((request) => {
      if (request.sopInstanceUid === uid) throw new Error('the receiver fails in the middle');
      return { status: 0 };
    });
    world.lane(pacs(receiver.port));
    await vi.waitFor(() => expect(stateOf('pacs')).toEqual(['pending', ...Array(7).fill('sent')]));
    expect(world.states()[0]).toMatchObject({ class: 'transient', status: 0x0110 });
  });
});

describe('what failed for good', () => {
  it('is taken up again by hand: deliveries as they are, failed jobs as a new revision', async () => {
    const refusing = { on: true };
    const receiver = await startReceiver(() => ({ status: refusing.on ? 0x0122 : 0 }));
    await world.makeJob(['pacs']);
    const lane = world.lane(pacs(receiver.port));
    await vi.waitFor(() => expect(stateOf('pacs')).toEqual(['failed', 'failed']));
    await world.store.write([
      {
        sql: `UPDATE jobs SET state = 'failed', failure_class = 'permanent', failure_code = 'series-gap', reported = 1`,
      },
    ]);
    refusing.on = false;
    expect(await retryStudy(world.store, 1, 5)).toEqual({ deliveries: 2, commitments: 0, jobs: 1 });
    lane.wake();
    await vi.waitFor(() => expect(stateOf('pacs')).toEqual(['sent', 'sent']));
    const jobs = world.store.all(
      `SELECT number, state, failure_code AS code FROM jobs JOIN study_revisions ON study_revisions.id = revision_id
       ORDER BY jobs.id`,
    );
    expect(jobs).toEqual([
      { number: 1, state: 'failed', code: 'series-gap' },
      { number: 2, state: 'queued', code: null },
    ]);
    expect(await retryStudy(world.store, 1, 6)).toEqual({ deliveries: 0, commitments: 0, jobs: 0 });
    expect(await retryStudy(world.store, 2, 6)).toBeUndefined();
  });
});

describe('results that are not to be sent', () => {
  it('wait while their study is held, and go when it is released', async () => {
    const receiver = await startReceiver(() => ({ status: 0 }));
    await world.makeJob(['pacs']);
    const holds = createSqliteHolds(world.store);
    await holds.place(1, { kind: 'operator', cause: '1', detail: '' }, 1);
    await world.makeJob(['pacs']);
    const lane = world.lane(pacs(receiver.port));
    await vi.waitFor(() => expect(stateOf('pacs')).toEqual(['pending', 'pending', 'sent', 'sent']));
    expect(world.deliveries.backlog()).toMatchObject([{ destination: 'pacs', pending: 0, held: 2 }]);
    await holds.release(1, 'operator', '1', 2);
    lane.wake();
    await vi.waitFor(() => expect(stateOf('pacs')).toEqual(Array(4).fill('sent')));
  });

  it('wait also when their study is held while they are being sent', async () => {
    const one = (port: number) => pacs(port, { association: { objects_max: 1 } });
    const holds = createSqliteHolds(world.store);
    const receiver = await startReceiver(async (_, nth) => {
      if (nth === 1) await holds.place(1, { kind: 'operator', cause: '1', detail: '' }, 1);
      return { status: 0 };
    });
    await world.makeJob(['pacs']);
    const slow = world.lane(one(receiver.port));
    await vi.waitFor(() => expect(stateOf('pacs').toSorted()).toEqual(['pending', 'sent']));
    await slow.stop();
    expect(receiver.received).toHaveLength(1);
    expect(
      world
        .states()
        .map(({ mayHave }) => mayHave)
        .toSorted((a, b) => a - b),
    ).toEqual([0, 1]);
    await holds.release(1, 'operator', '1', 2);
    world.lane(one(receiver.port));
    await vi.waitFor(() => expect(stateOf('pacs')).toEqual(['sent', 'sent']));
  });

  it('are withdrawn whole from a destination that has nothing of a superseded job, and from no other', async () => {
    const receiver = await startReceiver((_, nth) => ({ status: nth === 1 ? 0 : 0xa700 }));
    const results = await world.makeJob(['pacs', 'away']);
    const lane = world.lane(pacs(receiver.port));
    await vi.waitFor(() => expect(stateOf('pacs')).toContain('sent'));
    await vi.waitFor(() => expect(world.states().find((one) => one.status === 0xa700)).toBeDefined());
    const done = await world.deliveries.withdraw(results, 'superseded');
    expect(stateOf('away')).toEqual(['withdrawn', 'withdrawn']);
    expect(stateOf('pacs').toSorted()).toEqual(['pending', 'sent']);
    // Both are under way at once: which of them the receiver took is left to chance.
    expect(done).toEqual({ withdrawn: 2, arrived: [{ resultId: expect.toBeOneOf(results), destination: 'pacs' }] });
    await lane.stop();
    const rejected = await world.deliveries.withdraw(results, 'rejected');
    expect(rejected.withdrawn).toBe(1);
    expect(stateOf('pacs').toSorted()).toEqual(['sent', 'withdrawn']);
  });

  it('are told of when nobody knows whether the destination has them', async () => {
    const results = await world.makeJob(['hole']);
    const hole = await startSilentAfterAssociation();
    const lane = world.lane(pacs(hole, { name: 'hole', timeouts: { connect_s: 5, response_s: 0.2 } }));
    await vi.waitFor(() => expect(world.states()[0]).toMatchObject({ class: 'ambiguous', mayHave: 1 }));
    await lane.stop();
    const done = await world.deliveries.withdraw(results, 'rejected');
    expect(done.arrived).toContainEqual({ resultId: results[0], destination: 'hole' });
    expect(stateOf('hole')).toEqual(['withdrawn', 'withdrawn']);
  });
});

/** Accepts the association and never answers an object. */
async function startSilentAfterAssociation(): Promise<number> {
  const never = new Promise<StoreOutcome>(() => undefined);
  const scp = createStoreScp({
    listen: [{ host: '127.0.0.1', port: 0 }],
    policy: {
      sources: [{ aeTitle: '*', addresses: ['127.0.0.1/32'], calledAeTitles: ['PACS'], associationsMax: 8 }],
      associationsMax: 8,
    },
    sink: {
      begin: async () => ok({ write: () => Promise.resolve(), commit: () => never, abort: () => Promise.resolve() }),
    },
    onEvent: () => undefined,
  });
  await scp.start();
  world.endWith(() => Promise.race([scp.close(), new Promise((resolve) => setTimeout(resolve, 500))]));
  return scp.addresses()[0]?.port ?? 0;
}
