import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sopClasses } from '@collimator/shared/dicom/uids';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keepAlive } from './keep-alive.ts';
import { mrSeries, send } from './mr-series.ts';
import {
  type Archive,
  current,
  earlier,
  freePort,
  priorsIn,
  releaseThatWants,
  seriesOf,
  startArchive,
  wanted,
} from './prior-world.ts';
import { received, startPacs } from './programs.ts';

const ends: (() => Promise<unknown>)[] = [];
let folder: string;
let port: number;
let archive: Archive;
let pacsFolder: string;
let pacsPort: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'study-kill-priors-'));
  ends.push(() => rm(folder, { recursive: true }));
  pacsFolder = join(folder, 'pacs');
  const pacs = await startPacs(pacsFolder);
  pacsPort = pacs.port;
  ends.push(() => pacs.stop());
  port = await freePort();
  archive = await startArchive(folder, port);
  ends.push(() => archive.stop());
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

describe('a power cut while a job waits for priors', () => {
  it.each([
    'priors-answered',
    'priors-to-fetch',
    'prior-moving',
    'prior-image-committed',
    'prior-moved',
    'priors-settled',
  ])('at %s costs it none of them, and gives the priors no result', async (name) => {
    await archive.hold(seriesOf(earlier(1), earlier(2)));
    const options = {
      ...{ dataDir: join(folder, 'data'), port, quiet_s: 0.5, priors: archive.settings },
      destinations: [{ name: 'pacs', port: pacsPort }],
      releases: [await releaseThatWants(folder, wanted)],
    };
    const agent = await keepAlive(options, ends, {
      COLLIMATOR_KILL_AT: name,
      COLLIMATOR_KILL_MARKER: join(folder, 'killed'),
    });
    await send(agent.port(), mrSeries(current));
    await vi.waitFor(async () => expect(await received(pacsFolder)).toHaveLength(2));
    expect(agent.deaths()).toBe(1);
    const { requests, offered, fetches } = priorsIn(options.dataDir);
    expect(requests).toMatchObject([{ state: 'over', outcome: 'found', listed: 2 }]);
    expect(offered(1).map(({ series }) => series.map(({ files }) => files.length))).toEqual([[3], [3]]);
    expect(fetches.map(({ state }) => state)).toEqual(['here', 'here']);
    const database = new Database(join(options.dataDir, 'agent.sqlite'), { readonly: true });
    const count = (sql: string): unknown => database.prepare(sql).pluck().get();
    expect(count('SELECT count(*) FROM jobs')).toBe(1);
    expect(count('SELECT count(*) FROM study_revisions')).toBe(1);
    expect(count('SELECT count(*) FROM instances')).toBe(10);
    database.close();
    const objects = (await received(pacsFolder)).map(({ sopClassUid }) => sopClassUid).toSorted();
    expect(objects).toEqual([sopClasses.segmentation, sopClasses.comprehensiveSr].toSorted());
  });
});
