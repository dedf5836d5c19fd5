import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FakeServer, MODEL, startFake } from '../remote/remote-world.ts';
import type { Agent } from '../study-way/agent.ts';
import { mrSeries, send } from '../study-way/mr-series.ts';
import { createStudyWorld, settled, type StudyWorld } from '../study-way/study-world.ts';

let world: StudyWorld;
let fake: FakeServer;
beforeEach(async () => {
  world = await createStudyWorld();
  fake = await startFake('kserve-v2');
});
afterEach(async () => {
  await world.close();
  await fake.program.stop();
});

const start = (unattested: 'allow' | 'refuse'): Promise<Agent> =>
  world.agentWith({
    quiet_s: 0.5,
    devices: [
      {
        name: 'server',
        remote: {
          ...{ protocol: 'kserve-v2', url: `http://127.0.0.1:${fake.port}`, insecure_loopback: true },
          models: { 'bright-region': { model: MODEL } },
        },
      },
    ],
    routes: [{ release: 'bright-region', destinations: ['pacs'], objects: ['SR'], unattested }],
  });

const report = async (): Promise<string> => {
  const [line] = await world.arrived(1);
  return (await readFile(join(world.pacsFolder, line?.file ?? ''))).toString('latin1');
};

describe('a model server as the only device', () => {
  it('computes what it is attested for, and the report names it', async () => {
    await fake.behave({ releaseSha256: world.release.ref.sha256 });
    const agent = await start('refuse');
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    const text = await report();
    expect(text).toContain(MODEL);
    expect(text).toContain(`127.0.0.1:${fake.port}`);
    expect(agent.way.devices()).toMatchObject([{ name: 'server', kind: 'remote', provider: 'kserve-v2', ready: true }]);
    await settled(agent);
  });

  it('that is not attested computes only where the route allows it', async () => {
    const agent = await start('allow');
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    expect(await report()).toContain('not-attested');
    await settled(agent);
  });

  it('that is not attested gets nothing where the route does not: the job waits', async () => {
    const agent = await start('refuse');
    await vi.waitFor(() => expect(agent.way.devices()[0]?.ready).toBe(true));
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    await vi.waitFor(() => expect(agent.way.counts().jobs.queued).toBe(1));
    // Once it is attested, which it is asked for anew with a new process, it does.
    await fake.behave({ releaseSha256: world.release.ref.sha256 });
    agent.use([]);
    await vi.waitFor(() => expect(agent.way.devices()[0]?.ready).toBe(false));
    expect(world.counted('job-started')).toBe(0);
    agent.use([world.release]);
    expect(await report()).not.toContain('not-attested');
    await settled(agent);
  });
});
