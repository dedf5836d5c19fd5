import { join } from 'node:path';
import {
  type Association,
  COMMITMENT_ACTION,
  type CommitmentReport,
  commitmentReports,
  type CommitmentRequest,
  createStoreScp,
  encodeCommitmentRequest,
  err,
  messageTransferSyntaxes,
  openAssociation,
  STORAGE_COMMITMENT,
  STORAGE_COMMITMENT_INSTANCE,
  type SopReference,
} from '@collimator/edge-agent/dimse/index';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startOrthanc } from '../../e2e/orthanc.ts';
import { freePorts } from '../../free-ports.ts';
import { createDeliveryWorld, type DeliveryWorld } from './delivery-world.ts';

let world: DeliveryWorld;
beforeEach(async () => {
  world = await createDeliveryWorld();
});
afterEach(() => world.close());

const orthancAt = (dicomPort: number) => ({
  ...{ name: 'pacs', kind: 'dimse', ae_title: 'PACS', host: '127.0.0.1', port: dicomPort },
  retry: { first_s: 0.1, most_s: 0.3 },
});

/** A modality that asks us to commit and waits for reports on the same association and on another. */
async function startRequestor(port: number) {
  const same: CommitmentReport[] = [];
  const other: CommitmentReport[] = [];
  const scp = createStoreScp({
    listen: [{ host: '127.0.0.1', port }],
    policy: {
      sources: [{ aeTitle: '*', addresses: ['127.0.0.1/32'], calledAeTitles: ['CT1'], associationsMax: 8 }],
      associationsMax: 8,
    },
    sink: { begin: () => Promise.resolve(err({ status: 0xa700 })) },
    services: {
      commitment: {
        onEventReport(report) {
          other.push(report);
          return Promise.resolve({ status: 0 });
        },
      },
    },
    onEvent: () => undefined,
  });
  await scp.start();
  world.endWith(() => scp.close());
  async function ask(to: number, request: CommitmentRequest): Promise<{ status: number; association: Association }> {
    const association = await openAssociation({
      ...{ host: '127.0.0.1', port: to, callingAeTitle: 'CT1', calledAeTitle: 'COLLIMATOR' },
      contexts: [{ abstractSyntax: STORAGE_COMMITMENT, transferSyntaxes: messageTransferSyntaxes }],
      onEventReport: commitmentReports((report) => {
        same.push(report);
        return Promise.resolve({ status: 0 });
      }),
    });
    const { status } = await association.action({
      sopClassUid: STORAGE_COMMITMENT,
      sopInstanceUid: STORAGE_COMMITMENT_INSTANCE,
      actionTypeId: COMMITMENT_ACTION,
      dataSet: encodeCommitmentRequest(request, association.transferSyntaxOf(STORAGE_COMMITMENT) ?? ''),
    });
    return { status, association };
  }
  return { same, other, ask };
}

const dicom = (listen: number, requestor: number, more: object = {}) => ({
  listen: [{ port: listen }],
  sources: [
    {
      ae_title: 'CT1',
      address: '127.0.0.1',
      called: ['COLLIMATOR'],
      commitment: { host: '127.0.0.1', port: requestor },
    },
  ],
  storage_commitment: { after_pacs: 'pacs', ...more },
});

const referencesOf = (results: readonly number[]): SopReference[] =>
  results.map((id) => {
    const row = world.store.get<SopReference>(
      'SELECT sop_class_uid AS sopClassUid, sop_instance_uid AS sopInstanceUid FROM results WHERE id = ?',
      id,
    );
    if (row === undefined) throw new Error('no such result');
    return row;
  });

describe('a request to us to commit', () => {
  it('is refused where nothing else is configured', async () => {
    const [ours = 0, requestorPort = 0] = await freePorts(2);
    const { port } = await world.commitment([{ ...orthancAt(1), commitment: {} }], { listen: [{ port: ours }] });
    const requestor = await startRequestor(requestorPort);
    const { status, association } = await requestor.ask(port, {
      transactionUid: '1.2.3',
      references: [{ sopClassUid: '1.2', sopInstanceUid: '1.2.3' }],
    });
    expect(status).toBe(0x0211);
    await association.release();
  });

  it('is answered after an Orthanc has committed the same instances, and not before; on either association, after a restart', async () => {
    const [dicomPort = 0, httpPort = 0, ours = 0, requestorPort = 0] = await freePorts(4);
    const orthanc = await startOrthanc({
      ...{ folder: join(world.folder, 'orthanc'), aeTitle: 'PACS', dicomPort, httpPort },
      appliance: { aeTitle: 'COLLIMATOR', port: ours },
    });
    world.endWith(() => orthanc.stop());
    const results = await world.makeJob(['pacs']);
    const references = referencesOf(results);
    const requestor = await startRequestor(requestorPort);
    // An Orthanc reports once: what it told nobody is asked for again.
    const committing = { ...orthancAt(dicomPort), commitment: { wait_s: 1 } };
    const first = await world.commitment([committing], dicom(ours, requestorPort));
    const asked = await requestor.ask(ours, { transactionUid: '1.2.3.1', references });
    expect(asked.status).toBe(0);
    const again = await requestor.ask(ours, { transactionUid: '1.2.3.1', references });
    expect(again.status).toBe(0x0131);
    await again.association.release();
    // The PACS has nothing yet: it is asked more than once, and nobody is told that all is well.
    const reported = () =>
      world.store.get<{ n: number }>(`SELECT count(*) AS n FROM commitments WHERE state = 'answered'`)?.n;
    await vi.waitFor(() => expect(reported()).toBeGreaterThan(1));
    expect([requestor.same, requestor.other]).toEqual([[], []]);
    world.lane(orthancAt(dicomPort));
    await vi.waitFor(() => expect(requestor.same).toHaveLength(1));
    expect(requestor.same[0]?.failed).toEqual([]);
    expect(new Set(requestor.same[0]?.committed)).toEqual(new Set(references));
    await asked.association.release();

    const late = await requestor.ask(ours, { transactionUid: '1.2.3.2', references });
    expect(late.status).toBe(0);
    late.association.abort();
    await first.stop();
    await world.commitment([committing], dicom(ours, requestorPort));
    await vi.waitFor(() => expect([...requestor.same, ...requestor.other]).toHaveLength(2));
    expect([...requestor.same, ...requestor.other].at(-1)).toMatchObject({ transactionUid: '1.2.3.2', failed: [] });
  });

  it('ends in failures when the PACS does not commit in time, and too many at once are refused', async () => {
    const [ours = 0, requestorPort = 0, nobody = 0] = await freePorts(3);
    const requestor = await startRequestor(requestorPort);
    const settings = dicom(ours, requestorPort, { open_max: 1, give_up_s: 0.5 });
    await world.commitment([orthancAt(nobody)], settings);
    const references = [{ sopClassUid: '1.2.840.10008.5.1.4.1.1.2', sopInstanceUid: '1.2.3' }];
    const asked = await requestor.ask(ours, { transactionUid: '1.2.3.1', references });
    expect(asked.status).toBe(0);
    const tooMany = await requestor.ask(ours, { transactionUid: '1.2.3.2', references });
    expect(tooMany.status).toBe(0x0213);
    await tooMany.association.release();
    await asked.association.release();
    await vi.waitFor(() => expect(requestor.other).toHaveLength(1));
    expect(requestor.other[0]).toMatchObject({
      transactionUid: '1.2.3.1',
      committed: [],
      failed: [{ ...references[0], reason: 0x0110 }],
    });
  });
});
