import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { readFile } from 'node:fs/promises';
import type { StoreObject, StoreWrite } from '@collimator/edge-agent/dimse/index';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mrSeries, send } from './mr-series.ts';
import { received } from './programs.ts';
import { createStudyWorld, settled, type StudyWorld } from './study-world.ts';

let world: StudyWorld;
beforeEach(async () => {
  world = await createStudyWorld();
});
afterEach(() => world.close());

describe('a study on its way', () => {
  it('is not complete while an image of it is still arriving, however slowly', async () => {
    const agent = await world.agentWith();
    const [first, second] = mrSeries({ study: 'a', slices: 2 });
    if (!(first?.dataSet instanceof Uint8Array && second?.dataSet instanceof Uint8Array)) throw new Error('two slices');
    const [whole, parts] = [first.dataSet, second.dataSet];
    const begin = async (one: StoreObject): Promise<StoreWrite> => {
      const { sopClassUid, sopInstanceUid, transferSyntaxUid } = one;
      const from = { callingAeTitle: 'SLOW', calledAeTitle: 'COLLIMATOR', remoteAddress: '127.0.0.1' };
      const begun = await agent.way.sink.begin({
        ...{ sopClassUid, sopInstanceUid, transferSyntaxUid, ...from },
        associationId: 'slow',
      });
      if (!begun.ok) throw new Error('refused');
      return begun.value;
    };
    const quick = await begin(first);
    await quick.write(whole);
    expect(await quick.commit()).toMatchObject({ status: 0 });
    const slow = await begin(second);
    // A byte now and then, for longer than the quiet time.
    const since = Date.now();
    let sent = 0;
    await vi.waitFor(async () => {
      await slow.write(parts.subarray(sent, ++sent));
      expect(Date.now() - since).toBeGreaterThan(2_500);
    });
    expect(world.counted('study-complete')).toBe(0);
    await slow.write(parts.subarray(sent));
    expect(await slow.commit()).toMatchObject({ status: 0 });
    await world.arrived(2);
    await settled(agent);
    expect(world.counted('study-complete')).toBe(1);
    expect(agent.way.studies(1)[0]).toMatchObject({ revision: 1, images: 2, state: 'inferred' });
  });

  it('takes images that are sent twice as one, and makes one job', async () => {
    const agent = await world.agentWith();
    const images = mrSeries({ study: 'a', slices: 6 });
    await Promise.all([send(agent.port, images), send(agent.port, images)]);
    await world.arrived(2);
    await send(agent.port, images);
    await settled(agent);
    expect(agent.way.counts().jobs.inferred).toBe(1);
    expect(agent.way.counts().instances.received).toBe(6);
    expect(await received(world.pacsFolder)).toHaveLength(2);
  });

  it('makes a new revision of a study when images come late, and runs only the series that changed', async () => {
    const agent = await world.agentWith();
    await send(agent.port, [
      ...mrSeries({ study: 'a', slices: 6 }),
      ...mrSeries({ study: 'a', series: 'two', slices: 5 }),
    ]);
    await world.arrived(4);
    await settled(agent);
    await send(agent.port, mrSeries({ study: 'a', from: 6, slices: 4 }));
    const lines = await world.arrived(6);
    await settled(agent);
    expect(lines).toHaveLength(6);
    expect(agent.way.counts().jobs.inferred).toBe(3);
    expect(agent.way.studies(1)[0]).toMatchObject({ revision: 2, state: 'inferred', images: 15 });
  });

  it('leaves late images out where it is told to', async () => {
    const agent = await world.agentWith({ lateImages: 'ignore' });
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    await world.arrived(2);
    await send(agent.port, mrSeries({ study: 'a', from: 6, slices: 4 }));
    await vi.waitFor(() => expect(world.counted('study-late-images-ignored')).toBeGreaterThan(0));
    await settled(agent);
    expect(agent.way.counts().jobs.inferred).toBe(1);
  });

  it('says in a report why a series could not be used', async () => {
    const agent = await world.agentWith();
    await send(agent.port, [
      ...mrSeries({ study: 'a', slices: 3 }),
      ...mrSeries({ study: 'a', from: 6, slices: 3 }), // three slices are missing in between
    ]);
    const [line] = await world.arrived(1);
    await settled(agent);
    expect(line?.sopClassUid).toBe(sopClasses.comprehensiveSr);
    expect(await received(world.pacsFolder)).toHaveLength(1);
    expect((await readFile(join(world.pacsFolder, line?.file ?? ''))).toString('latin1')).toContain('series-gap');
    expect(agent.way.studies(1)[0]).toMatchObject({ state: 'failed', failure: 'series-gap', deliveries_sent: 1 });
  });

  it('reports images whose pixels cannot be decoded, and nothing where the route wants no report', async () => {
    const agent = await world.agentWith({ objects: ['SEG'] });
    await send(agent.port, mrSeries({ study: 'a', slices: 3, truncated: true }));
    await vi.waitFor(() => expect(world.counted('job-failed')).toBe(1));
    await settled(agent);
    expect(agent.way.studies(1)[0]?.state).toBe('failed');
    expect(await received(world.pacsFolder)).toHaveLength(0);
  });

  it('gives a job up that ends its process each time, says so, and goes on with the next', async () => {
    const agent = await world.agentWith({
      log: {
        event(name, fields) {
          world.events.push({ name, fields });
          if (name === 'task-started' && fields !== undefined && 'job' in fields && fields.job === 1)
            for (const pid of workerPids()) process.kill(pid, 'SIGKILL');
        },
      },
    });
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    const [line] = await world.arrived(1);
    expect(line?.sopClassUid).toBe(sopClasses.comprehensiveSr);
    expect((await readFile(join(world.pacsFolder, line?.file ?? ''))).toString('latin1')).toContain(
      'inference-worker-died',
    );
    expect(world.counted('task-started')).toBe(3);
    expect(world.counted('chunk-requeued')).toBe(2);
    expect(world.events.find(({ name }) => name === 'job-failed')?.fields).toMatchObject({ class: 'poison' });
    await send(agent.port, mrSeries({ study: 'b', slices: 6 }));
    await world.arrived(3);
    await settled(agent);
    expect(agent.way.counts().jobs).toMatchObject({ inferred: 1, failed: 1 });
  });

  it('refuses a series that would not fit in memory, before it is decoded', async () => {
    const agent = await world.agentWith();
    // 33 times 128 MiB of pixels in files of a few kilobytes: decoding the first would say that it is damaged.
    await send(agent.port, mrSeries({ study: 'a', slices: 33, claimed: 8_192 }));
    await world.arrived(1);
    await settled(agent);
    expect(agent.way.studies(1)[0]).toMatchObject({ state: 'failed', failure: 'series-too-large', deliveries_sent: 1 });
    expect(world.events.find(({ name }) => name === 'job-failed')?.fields).toMatchObject({
      class: 'permanent',
      detail: expect.stringContaining('SERIES_BYTES_MAX'),
    });
  });
});

/** Inference processes that this process has started (proc(5)). */
function workerPids(): number[] {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean);
  return children
    .filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('infer/worker/main'))
    .map(Number);
}
