import { join } from 'node:path';
import {
  commitmentEventReport,
  type CommitmentReport,
  type CommitmentRequest,
  createStoreScp,
  messageTransferSyntaxes,
  ok,
  openAssociation,
  type ReplyWithReport,
  STORAGE_COMMITMENT,
} from '@collimator/edge-agent/dimse/index';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { freePorts } from '../../free-ports.ts';
import { startOrthanc } from '../../e2e/orthanc.ts';
import { createDeliveryWorld, type DeliveryWorld } from './delivery-world.ts';

let world: DeliveryWorld;
beforeEach(async () => {
  world = await createDeliveryWorld();
});
afterEach(() => world.close());

const states = (): (string | null)[] => world.states().map(({ state, commitment }) => commitment ?? state);
const pacs = (port: number, commitment: object = {}) => ({
  ...{ name: 'pacs', kind: 'dimse', ae_title: 'PACS', host: '127.0.0.1', port, commitment },
});

describe('storage commitment by an Orthanc', () => {
  it('is asked for what was sent, and what it no longer has is sent again', async () => {
    const [dicomPort = 0, httpPort = 0, ours = 0] = await freePorts(3);
    const orthanc = await startOrthanc({
      ...{ folder: join(world.folder, 'orthanc'), aeTitle: 'PACS', dicomPort, httpPort },
      appliance: { aeTitle: 'COLLIMATOR', port: ours },
    });
    world.endWith(() => orthanc.stop());
    for (let job = 0; job < 3; job++) await world.makeJob(['pacs']);
    const destination = pacs(dicomPort, { wait_s: 10 });
    const { stage } = await world.commitment([destination], { listen: [{ port: ours }] });
    world.lane(destination, { onSent: () => stage.wake() });
    await vi.waitFor(() => expect(states()).toEqual(Array(6).fill('committed')));
    // Lost by the PACS before it is asked again.
    const names = (await orthanc.rest('GET', '/instances')) as string[];
    for (const name of names.slice(0, 2)) await orthanc.rest('DELETE', `/instances/${name}`);
    await world.store.write([{ sql: `UPDATE deliveries SET commitment = 'wanted', commitment_due_ms = 0` }]);
    stage.wake();
    await vi.waitFor(() => {
      expect(states()).toEqual(Array(6).fill('committed'));
      expect(world.events.some(({ fields }) => fields?.['resent'] === 2)).toBe(true);
    });
    expect((await orthanc.rest('GET', '/instances')) as string[]).toHaveLength(6);
  });
});

type Asked = { readonly request: CommitmentRequest; readonly reply: ReplyWithReport };

/** A destination that stores everything and commits as the test says. */
async function startCommitter(onAction: (asked: Asked, nth: number) => number | Promise<number>) {
  const stored: string[] = [];
  const asked: Asked[] = [];
  const scp = createStoreScp({
    listen: [{ host: '127.0.0.1', port: 0 }],
    policy: {
      sources: [{ aeTitle: '*', addresses: ['127.0.0.1/32'], calledAeTitles: ['PACS'], associationsMax: 8 }],
      associationsMax: 8,
    },
    sink: {
      begin: async ({ sopInstanceUid }) =>
        ok({
          write: () => Promise.resolve(),
          commit: () => {
            stored.push(sopInstanceUid);
            return Promise.resolve({ status: 0 });
          },
          abort: () => Promise.resolve(),
        }),
    },
    services: {
      commitment: {
        async onAction(request, _peer, reply) {
          asked.push({ request, reply });
          return { status: await onAction({ request, reply }, asked.length) };
        },
      },
    },
    onEvent: () => undefined,
  });
  await scp.start();
  world.endWith(() => scp.close());
  return { port: scp.addresses()[0]?.port ?? 0, stored, asked };
}

const allOf = ({ transactionUid, references }: CommitmentRequest): CommitmentReport => ({
  ...{ transactionUid, committed: references, failed: [] },
});
const noneOf = ({ transactionUid, references }: CommitmentRequest, reason: number): CommitmentReport => ({
  ...{ transactionUid, committed: [], failed: references.map((one) => ({ ...one, reason })) },
});

/** Reports on an association of its own, as a PACS does. */
async function reportTo(port: number, report: CommitmentReport): Promise<number> {
  const association = await openAssociation({
    ...{ host: '127.0.0.1', port, callingAeTitle: 'PACS', calledAeTitle: 'COLLIMATOR' },
    contexts: [{ abstractSyntax: STORAGE_COMMITMENT, transferSyntaxes: messageTransferSyntaxes }],
    roles: [{ sopClassUid: STORAGE_COMMITMENT, scu: false, scp: true }],
  });
  const syntax = association.transferSyntaxOf(STORAGE_COMMITMENT) ?? '';
  const outcome = await association.eventReport(commitmentEventReport(report, syntax));
  await association.release();
  return outcome.status;
}

describe('answers of a destination that is asked to commit', () => {
  it('on the same association count', async () => {
    await world.makeJob(['pacs']);
    const committer = await startCommitter(({ request, reply }) => {
      setTimeout(() => void reply(allOf(request)).catch(() => undefined), 20);
      return 0;
    });
    const { stage } = await world.commitment([pacs(committer.port)]);
    world.lane(pacs(committer.port), { onSent: () => stage.wake() });
    await vi.waitFor(() => expect(states()).toEqual(['committed', 'committed']));
    expect(committer.asked).toHaveLength(1);
  });

  it('that never come are asked for again as a new transaction, and a late one counts', async () => {
    await world.makeJob(['pacs']);
    const committer = await startCommitter(() => 0);
    const destination = pacs(committer.port, { wait_s: 0.3, requests_max: 1000 });
    const { stage, port } = await world.commitment([destination]);
    world.lane(destination, { onSent: () => stage.wake() });
    await vi.waitFor(() => expect(committer.asked.length).toBeGreaterThan(1));
    const [first, second] = committer.asked.map(({ request }) => request);
    expect(first?.transactionUid).not.toBe(second?.transactionUid);
    expect(first?.references).toEqual(second?.references);
    if (first === undefined) throw new Error('nothing was asked');
    expect(await reportTo(port, allOf(first))).toBe(0);
    expect(states()).toEqual(['committed', 'committed']);
    expect(await reportTo(port, { ...allOf(first), transactionUid: '1.2.3' })).toBe(0x0112);
  });

  it('survive a restart in between', async () => {
    await world.makeJob(['pacs']);
    const committer = await startCommitter(() => 0);
    const before = await world.commitment([pacs(committer.port)]);
    world.lane(pacs(committer.port), { onSent: () => before.stage.wake() });
    await vi.waitFor(() => expect(committer.asked).toHaveLength(1));
    await before.stop();
    const { port } = await world.commitment([pacs(committer.port)]);
    const [asked] = committer.asked;
    if (asked === undefined) throw new Error('nothing was asked');
    expect(await reportTo(port, allOf(asked.request))).toBe(0);
    expect(states()).toEqual(['committed', 'committed']);
    expect(committer.asked).toHaveLength(1);
  });

  it('that refuse are final after a bounded number of requests and resends', async () => {
    await world.makeJob(['pacs']);
    const committer = await startCommitter(({ request, reply }) => {
      setTimeout(() => void reply(noneOf(request, 0x0112)).catch(() => undefined), 20);
      return 0;
    });
    const destination = pacs(committer.port, { resends_max: 2 });
    const { stage } = await world.commitment([destination]);
    world.lane(destination, { onSent: () => stage.wake() });
    await vi.waitFor(() => expect(states()).toEqual(['failed', 'failed']));
    expect(committer.stored).toHaveLength(6);
    expect(new Set(committer.stored).size).toBe(2);
    expect(world.deliveries.backlog()).toMatchObject([{ commitmentFailed: 2, uncommitted: 0 }]);
    expect(world.events.filter(({ name }) => name === 'commitment-failed')).toHaveLength(2);
  });

  it('of one that knows no commitment are given up after so many requests, and nothing else suffers', async () => {
    await world.makeJob(['pacs']);
    const committer = await startCommitter(() => 0x0110);
    const destination = pacs(committer.port, { requests_max: 3 });
    const { stage } = await world.commitment([destination]);
    world.lane(destination, { onSent: () => stage.wake() });
    await vi.waitFor(() => expect(states()).toEqual(['failed', 'failed']));
    expect(committer.asked).toHaveLength(3);
    expect(world.states().map(({ state }) => state)).toEqual(['sent', 'sent']);
  });
});
