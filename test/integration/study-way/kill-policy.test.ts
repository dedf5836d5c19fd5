import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { dataSetSha256 } from '@collimator/edge-agent/study/receive/disk/instance-placement';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AgentOptions } from './agent.ts';
import { keepAlive, type KeptAlive } from './keep-alive.ts';
import { mrSeries, send } from './mr-series.ts';

const ends: (() => Promise<unknown>)[] = [];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'study-kill-policy-'));
  ends.push(() => rm(folder, { recursive: true }));
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const first = () => mrSeries({ study: 'a', slices: 1, patient: 'WRONG' });
const corrected = () => mrSeries({ study: 'a', slices: 1, patient: 'MENDED' });

/** An agent without a model: nothing but what is received and kept. */
const agentKilledAt = (name: string, options: Partial<AgentOptions>): Promise<KeptAlive> =>
  keepAlive({ dataDir: join(folder, 'data'), destinations: [], releases: [], routes: [], ...options }, ends, {
    COLLIMATOR_KILL_AT: name,
    COLLIMATOR_KILL_MARKER: join(folder, 'killed'),
  });

/** It was killed once, runs again, and has compared the index with the disk. */
const back = (agent: KeptAlive): Promise<void> =>
  vi.waitFor(() => {
    expect(agent.deaths()).toBe(1);
    expect(agent.program().child.signalCode).toBeNull();
    expect(agent.program().stderr()).toContain('studies-compared');
  });

const filesIn = async (name: string): Promise<string[]> => {
  const all = await readdir(join(folder, 'data', name), { recursive: true, withFileTypes: true });
  return all.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
};

type Kept = { readonly code: string; readonly acknowledged: number };

/**
 * Which patients are stored, one for each image, and what is in the quarantine. Index and disk must say the same, file by
 * file and digest by digest, and nothing must be left to be removed.
 */
async function state(): Promise<{ stored: string[]; kept: Kept[]; held: number }> {
  const database = new Database(join(folder, 'data', 'agent.sqlite'), { readonly: true });
  try {
    const all = <T>(sql: string): T[] => database.prepare<[], T>(sql).all();
    const rows = all<{ path: string; sha256: string }>('SELECT path, sha256 FROM instances');
    const named = rows.map(({ path }) => join(folder, 'data', path));
    expect((await filesIn('studies')).toSorted(), 'each file is in the index').toEqual(named.toSorted());
    for (const [i, file] of named.entries()) expect(await dataSetSha256(file)).toBe(rows[i]?.sha256);
    const kept = all<Kept & { file: string; sha256: string }>(`SELECT * FROM quarantine WHERE state = 'kept'`);
    const inQuarantine = kept.flatMap(({ file }) => [`${file}.dcm`, `${file}.json`]).toSorted();
    expect((await readdir(join(folder, 'data', 'quarantine'))).toSorted()).toEqual(inQuarantine);
    expect(await readdir(join(folder, 'data', 'incoming'))).toEqual([]);
    expect(all('SELECT path FROM removals')).toEqual([]);
    const texts = await Promise.all(named.map((file) => readFile(file, 'latin1')));
    return {
      stored: texts.map((text) => ['WRONG', 'MENDED'].filter((one) => text.includes(one)).join('+')),
      kept: kept.map(({ code, acknowledged }) => ({ code, acknowledged })),
      held: all('SELECT DISTINCT study_id FROM holds WHERE released_ms IS NULL').length,
    };
  } finally {
    database.close();
  }
}

const left = { code: 'dicom-file-unindexed', acknowledged: 0 };
const conflict = { code: 'dicom-instance-conflict', acknowledged: 1 };

describe('a power cut while an instance is replaced', () => {
  it.each([
    // Nothing was acknowledged: the first one is the instance, and what had been put beside it is set aside.
    ['replacement-placed', { stored: ['WRONG'], kept: [left], held: 0 }],
    ['replacement-indexed', { stored: ['MENDED'], kept: [], held: 0 }],
    ['files-removed', { stored: ['MENDED'], kept: [], held: 0 }],
  ])('at %s leaves one content, which the index names', async (name, expected) => {
    const agent = await agentKilledAt(name, { conflicts: 'replace' });
    await send(agent.port(), first());
    await expect(send(agent.port(), corrected())).rejects.toBeInstanceOf(Error);
    await back(agent);
    expect(await state()).toEqual(expected);
    await send(agent.port(), corrected());
    expect(await state()).toEqual({ ...expected, stored: ['MENDED'] });
  });
});

describe('a power cut while a conflicting copy is set aside', () => {
  it('before it is in the list: it is found, holds its study, and is acknowledged when it comes again', async () => {
    const agent = await agentKilledAt('quarantine-moved', { conflicts: 'quarantine' });
    await send(agent.port(), first());
    await expect(send(agent.port(), corrected())).rejects.toBeInstanceOf(Error);
    await back(agent);
    const found = { stored: ['WRONG'], kept: [conflict], held: 1 };
    expect(await state()).toEqual(found);
    expect(agent.program().stderr()).toContain('quarantine-file-without-row');
    await send(agent.port(), corrected());
    expect(await state()).toEqual(found);
  });
});

describe('a power cut while a copy is released from the quarantine', () => {
  it.each([
    ['replacement-placed', { stored: ['WRONG'], kept: [conflict], held: 1 }],
    ['replacement-indexed', { stored: ['MENDED'], kept: [], held: 0 }],
    ['files-removed', { stored: ['MENDED'], kept: [], held: 0 }],
  ])('at %s leaves one content and either decides or does not', async (name, expected) => {
    const agent = await agentKilledAt(name, { conflicts: 'quarantine' });
    await send(agent.port(), first());
    await send(agent.port(), corrected());
    expect((await state()).kept).toEqual([conflict]);
    agent.program().child.kill('SIGUSR2');
    await back(agent);
    expect(await state()).toEqual(expected);
    agent.program().child.kill('SIGUSR2');
    const released = { stored: ['MENDED'], kept: [], held: 0 };
    await vi.waitFor(async () => expect(await state()).toEqual(released));
  });
});

describe('a power cut while a study is removed', () => {
  it.each(['study-let-go', 'files-removed'])('at %s leaves nothing of it', async (name) => {
    const agent = await agentKilledAt(name, { diskUsed: 0.9, cleanEvery_s: 1, quiet_s: 0.2 });
    await send(agent.port(), mrSeries({ study: 'a', slices: 3 }));
    await back(agent);
    expect(await state()).toEqual({ stored: [], kept: [], held: 0 });
    expect(await readdir(join(folder, 'data', 'studies'))).toEqual([]);
  });
});
