import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Agent, AgentOptions } from '../study-way/agent.ts';
import { mrSeries, send } from '../study-way/mr-series.ts';
import { createStudyWorld, type StudyWorld } from '../study-way/study-world.ts';

let world: StudyWorld;
beforeEach(async () => {
  world = await createStudyWorld();
});
afterEach(async () => {
  delete process.env['COLLIMATOR_WORKER_FAULTS'];
  await world.close();
});

/** Studies wait for their device, which does not start before `go`. */
async function withWaiting(options: Partial<AgentOptions> = {}): Promise<{ agent: Agent; go: () => Promise<void> }> {
  const when = join(world.folder, 'not-yet');
  await writeFile(when, '');
  process.env['COLLIMATOR_WORKER_FAULTS'] = JSON.stringify([{ device: 'only', fault: 'vanish', when }]);
  const devices = [{ name: 'only', cpu: { threads: 1 }, decode_threads: 1 }];
  const agent = await world.agentWith({ devices, quiet_s: 0.5, ...options });
  for (const [i, study] of ['a', 'b', 'c', 'd'].entries()) {
    await send(agent.port, mrSeries({ study, slices: 3 + i }));
    await vi.waitFor(() => expect(agent.way.counts().jobs.queued).toBe(i + 1));
  }
  return { agent, go: () => rm(when) };
}

const order = (): unknown[] =>
  world.events.filter(({ name }) => name === 'job-started').map(({ fields }) => fields?.['job']);

describe('the class of a job', () => {
  it('that somebody on site changes counts at once for jobs that wait', async () => {
    const { agent, go } = await withWaiting();
    expect(await agent.way.prioritize(3, 'stat')).toEqual({ jobs: 1 });
    expect(await agent.way.prioritize(1, 'background')).toEqual({ jobs: 1 });
    expect(await agent.way.prioritize(4, 'urgent')).toEqual({ jobs: 1 });
    expect(await agent.way.prioritize(99, 'stat')).toBeUndefined();
    await go();
    await vi.waitFor(() => expect(order()).toEqual([3, 4, 2, 1]));
    await world.arrived(8);
    expect(await agent.way.prioritize(3, 'stat')).toEqual({ jobs: 0 });
    expect(world.counted('study-prioritized')).toBe(4);
  });

  it('is that of the route where it gives one', async () => {
    const route = (name: string, slices: number, priority?: string) => ({
      ...{ name, release: 'bright-region', destinations: ['pacs'], objects: ['SR'] },
      ...{ select: { slices: { min: slices, max: slices } }, ...(priority !== undefined && { priority }) },
    });
    const { go } = await withWaiting({
      routes: [route('a', 3, 'background'), route('b', 4), route('c', 5, 'urgent'), route('d', 6, 'stat')],
    });
    await go();
    await vi.waitFor(() => expect(order()).toEqual([4, 3, 2, 1]));
    await world.arrived(4);
  });
});
