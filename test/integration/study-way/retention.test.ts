import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createSqliteRetention, type RemovableStudy } from '@collimator/edge-agent/store/sqlite-retention';
import { openStore } from '@collimator/shared/sqlite/open-store';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Agent } from './agent.ts';
import { mrSeries, send } from './mr-series.ts';
import { createStudyWorld, settled, type StudyWorld } from './study-world.ts';

const SLICES = 3;
let world: StudyWorld;
beforeEach(async () => {
  world = await createStudyWorld();
});
afterEach(() => world.close());

const below = async (folder: string): Promise<string[]> =>
  (await readdir(join(world.folder, 'data', folder), { recursive: true })).filter((name) => name.endsWith('.dcm'));
const keys = (agent: Agent): number[] => agent.way.studies(10).map(({ study }) => study);

it('a full disk gives up what is delivered and nothing else, and what comes again is new', async () => {
  const first = await world.agentWith();
  await send(first.port, mrSeries({ study: 'a', slices: SLICES }));
  await world.arrived(2);
  await settled(first);
  await world.pacs.stop();
  await send(first.port, mrSeries({ study: 'b', slices: SLICES }));
  await vi.waitFor(() => expect(world.counted('job-inferred')).toBe(2));
  await first.close();

  const agent = await world.agentWith({ diskUsed: 0.9 });
  await vi.waitFor(() => expect(world.counted('study-removed')).toBe(1));
  expect(keys(agent)).toEqual([2]);
  expect(await below('studies')).toHaveLength(SLICES);
  expect(await readdir(join(world.folder, 'data', 'results'))).toEqual(['2']);
  expect(await readdir(join(world.folder, 'data', 'studies'))).toHaveLength(1);
  const figures = agent.way.policyFigures();
  expect(figures.removed).toEqual({ space: 1, age: 0, prior: 0 });
  expect(figures.freedBytes).toBeGreaterThan(SLICES * 1_000);

  await world.restartPacs();
  await send(agent.port, mrSeries({ study: 'a', slices: SLICES }));
  await world.arrived(6);
  await settled(agent);
  expect(keys(agent)).toHaveLength(2);
  expect(agent.way.studies(10).map(({ state, images }) => [state, images])).toEqual([
    ['inferred', SLICES],
    ['inferred', SLICES],
  ]);
});

it('a crash between the index and the files leaves neither', async () => {
  const first = await world.agentWith();
  await send(first.port, mrSeries({ study: 'a', slices: SLICES }));
  await world.arrived(2);
  await settled(first);
  await first.close();
  const store = await openStore({
    file: join(world.folder, 'data', 'agent.sqlite'),
    migrations: new URL('../../../edge-agent/src/store/migrations/', import.meta.url),
  });
  const retention = createSqliteRetention(store);
  await retention.letGo(retention.oldestSettled([]) as RemovableStudy, [], Date.now());
  await store.close();
  expect(await below('studies')).toHaveLength(SLICES);
  const agent = await world.agentWith();
  expect(keys(agent)).toEqual([]);
  expect([...(await below('studies')), ...(await below('results'))]).toEqual([]);
});
