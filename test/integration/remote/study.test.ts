import { join } from 'node:path';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pydicom } from '../../conformance/results/tools.ts';
import { startTlsFront, type TlsFront } from '../../peers/tls-front.ts';
import { mrSeries, send } from '../study-way/mr-series.ts';
import { createStudyWorld, settled, type StudyWorld } from '../study-way/study-world.ts';
import { createRemoteWorld, type FakeServer, MODEL, type RemoteWorld, startFake } from './remote-world.ts';

/** What a report says of the model, and what the segmentation does. */
const read = `
import sys, json, pydicom
said = []
for file in sys.argv[1:]:
    ds = pydicom.dcmread(file)
    said.append(ds.ContributingEquipmentSequence[0].ContributionDescription)
print(json.dumps(said))
`;

describe('studies that a model server computes', () => {
  let world: StudyWorld;
  let remote: RemoteWorld;
  let fake: FakeServer;
  let front: TlsFront;

  beforeEach(async () => {
    [world, remote] = await Promise.all([createStudyWorld(), createRemoteWorld()]);
    fake = await startFake('kserve-v2');
    front = await startTlsFront(fake.port, remote.authority.server);
    world.endWith(async () => {
      await front.close();
      await fake.program.stop();
      remote.remove();
    });
  });
  afterEach(() => world.close());

  const server = (more: object = {}) => ({
    remote: {
      ...{ protocol: 'kserve-v2', url: `https://localhost:${front.port}`, tls: { ca: remote.authority.ca } },
      ...{ models: { 'bright-region': { model: MODEL } }, retry: { attempts_max: 2, first_s: 0.01, most_s: 0.1 } },
      ...more,
    },
  });
  const route = (unattested: string) => [
    { release: 'bright-region', destinations: ['pacs'], objects: ['SEG', 'SR'], unattested },
  ];
  const attest = (): Promise<void> => fake.behave({ releaseSha256: world.release.ref.sha256 });
  const logged = (name: string) => world.events.filter((event) => event.name === name).map(({ fields }) => fields);

  /** What the objects that arrived say of the model. */
  async function contributions(): Promise<readonly string[]> {
    const lines = await world.arrived(2);
    expect(lines.map(({ sopClassUid }) => sopClassUid).toSorted()).toEqual(
      [sopClasses.segmentation, sopClasses.comprehensiveSr].toSorted(),
    );
    return (await pydicom(read, ...lines.map(({ file }) => join(world.pacsFolder, file)))) as string[];
  }

  it('have results of the release where its model was attested', async () => {
    await attest();
    const agent = await world.agentWith({ devices: [server({ workers: 2 })] });
    await send(agent.port, mrSeries({ study: 'a', slices: 10 }));
    for (const said of await contributions()) {
      expect(said).toContain(`Release SHA-256: ${world.release.ref.sha256}`);
      expect(said).toContain(`Remote model: ${MODEL} 1 at localhost:${front.port} (kserve-v2)`);
    }
    await settled(agent);
    expect(logged('remote-model-attested')[0]).toMatchObject({
      ...{ device: 'remote-0', release: 'bright-region', version: '1.0.0', server: `localhost:${front.port}` },
    });
    expect(logged('job-inferred')).toMatchObject([
      { sha256: world.release.ref.sha256, attested: true, servers: `localhost:${front.port}` },
    ]);
  });

  it('have results that say so where it could not be, and a route allows it', async () => {
    const agent = await world.agentWith({ devices: [server()], routes: route('allow') });
    await send(agent.port, mrSeries({ study: 'a', slices: 10 }));
    for (const said of await contributions()) {
      expect(said).toContain('could not be attested to be bright-region 1.0.0');
      expect(said).not.toContain(world.release.ref.sha256);
    }
    await settled(agent);
    expect(logged('remote-model-unattested')).toMatchObject([{ reason: 'the server names no release digest' }]);
    const [inferred] = logged('job-inferred');
    expect(inferred).toMatchObject({ attested: false });
    expect(inferred).not.toHaveProperty('sha256');
  });

  it('are computed here where it could not be attested and no route allows it', async () => {
    const agent = await world.agentWith({ devices: [server(), { cpu: { threads: 1 } }] });
    await vi.waitFor(() => expect(world.counted('remote-model-unattested')).toBe(1));
    const before = (await fake.asked())[`POST /v2/models/${MODEL}/infer binary`];
    await send(agent.port, mrSeries({ study: 'a', slices: 10 }));
    for (const said of await contributions()) {
      expect(said).toContain(world.release.ref.sha256);
      expect(said).not.toContain('Remote model');
    }
    expect((await fake.asked())[`POST /v2/models/${MODEL}/infer binary`]).toBe(before);
  });

  it('wait for a server that is away, and none of them fails', async () => {
    await attest();
    const agent = await world.agentWith({ devices: [server()] });
    await vi.waitFor(() => expect(world.counted('device-ready')).toBe(1));
    await fake.program.stop();
    await send(agent.port, mrSeries({ study: 'a', slices: 10 }));
    await vi.waitFor(() => expect(world.counted('device-down')).toBeGreaterThanOrEqual(1));
    fake = await startFake('kserve-v2');
    await attest();
    front.passTo(fake.port);
    expect(await contributions()).toHaveLength(2);
    await settled(agent);
    expect(agent.way.counts().jobs).toEqual({ queued: 0, running: 0, inferred: 1, failed: 0 });
    // The attempt that began goes on: what a server could not do is not held against the study.
    expect(world.counted('job-requeued')).toBe(0);
  }, 120_000);

  it('go to another device when a server breaks down under them', async () => {
    await attest();
    const agent = await world.agentWith({ devices: [server({ workers: 2 }), { cpu: { threads: 1 } }] });
    await vi.waitFor(() => expect(world.counted('device-ready')).toBeGreaterThanOrEqual(3));
    await fake.behave({ fault: 'failed', faults: 1_000 });
    for (const study of ['a', 'b', 'c']) await send(agent.port, mrSeries({ study, slices: 10 }));
    await world.arrived(6);
    await settled(agent);
    expect(agent.way.counts().jobs).toEqual({ queued: 0, running: 0, inferred: 3, failed: 0 });
  }, 120_000);

  it('are not computed by a model that took the place of the attested one', async () => {
    await attest();
    const agent = await world.agentWith({ devices: [server()] });
    await vi.waitFor(() => expect(world.counted('remote-model-attested')).toBe(1));
    await fake.behave({ version: '2', bias: 1 });
    await send(agent.port, mrSeries({ study: 'a', slices: 10 }));
    await vi.waitFor(() =>
      expect(logged('device-down')).toContainEqual(expect.objectContaining({ code: 'golden-mismatch' })),
    );
    await fake.behave({ bias: 0 });
    for (const said of await contributions()) expect(said).toContain(`${MODEL} 2 at localhost`);
    expect(logged('remote-model-changed')).toContainEqual(expect.objectContaining({ device: 'remote-0' }));
    await settled(agent);
    expect(agent.way.counts().jobs).toEqual({ queued: 0, running: 0, inferred: 1, failed: 0 });
  }, 120_000);
});
