import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CompletionRule } from '@collimator/shared/contracts/agent-config/assembly';
import { openStore } from '@collimator/shared/sqlite/open-store';
import type { Store } from '@collimator/shared/sqlite/store';
import { createSqliteHolds } from '../../store/sqlite-holds.ts';
import { createSqliteInstanceIndex } from '../../store/sqlite-instance-index.ts';
import { createSqliteJobs } from '../../store/sqlite-jobs.ts';
import { createSqliteRunReleases } from '../../store/sqlite-run-releases.ts';
import { createSqliteSourceReleases } from '../../store/sqlite-source-releases.ts';
import { createSqliteStudies } from '../../store/sqlite-studies.ts';
import { createArrivals } from '../receive/arrivals.ts';
import { createStudyAssembler } from './study-assembler.ts';
import { exampleHeader, exampleRelease } from './testing/example-series.ts';

const QUIET_MS = 1_000;
const rules: readonly CompletionRule[] = [{ source: 'CT1', when: 'association-released', expect: 'none', titles: [] }];

let folder: string;
let store: Store;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assembler-'));
  store = await openStore({
    file: join(folder, 'agent.sqlite'),
    migrations: new URL('../../store/migrations/', import.meta.url),
  });
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

type Options = {
  readonly complete?: 'study' | 'series';
  readonly lateImages?: 'supersede' | 'ignore';
  prefix?: string;
};

/** The assembling stage over a real database with a clock that a test moves, as it is after a start. */
function createWorld({ complete = 'study', lateImages = 'supersede', prefix = '' }: Options = {}) {
  const clock = { now_ms: 10_000 };
  const now = (): number => clock.now_ms;
  const release = exampleRelease('a', {});
  const studies = createSqliteStudies(store);
  const index = createSqliteInstanceIndex({ store, now, onStored: () => undefined, patientKey: () => 'same' });
  let arrivals = createArrivals(QUIET_MS);
  let listeningSince_ms = now();
  let images = 0;

  /** A stage keeps nothing of its own: each pass is one of a new stage. */
  const stage = () =>
    createStudyAssembler({
      ...{ studies, arrivals, rules, now, listeningSince_ms },
      sourceReleases: createSqliteSourceReleases(store),
      jobs: createSqliteJobs(store),
      holds: createSqliteHolds(store),
      runReleases: createSqliteRunReleases(store),
      releases: { active: (name) => (name === 'a' ? release : undefined), list: () => [release], onSwap: () => never },
      routes: [{ release: 'a', select: {}, objects: ['SR'], unmatched: 'ignore', complete }],
      policy: { quiet_ms: QUIET_MS, lateImages },
      after: () => never,
      log: { event: () => undefined },
      checkpoint: never,
      readNotes: () => Promise.resolve(false),
      onReleaseNoted: never,
      onJobs: never,
      onUnmatched: never,
    });

  return {
    clock,
    async pass(): Promise<void> {
      const one = stage();
      one.start();
      await one.stop();
    },
    async image(association: string, study: number, series = 1): Promise<void> {
      arrivals.heard(association, now());
      const [studyUid, seriesUid] = [`${prefix}1.${study}`, `${prefix}1.${study}.${series}`];
      const header = exampleHeader({
        studyInstanceUid: studyUid,
        seriesInstanceUid: seriesUid,
        sopInstanceUid: `${seriesUid}.${++images}`,
        callingAeTitle: association.startsWith('CT1') ? 'CT1' : 'CT2',
      });
      await index.record(header, `studies/${header.sopInstanceUid}`);
      arrivals.brought(association, studyUid, seriesUid);
    },
    async end(association: string, released: boolean): Promise<void> {
      const studyInstanceUids = arrivals.ended(association);
      const callingAeTitle = association.startsWith('CT1') ? 'CT1' : 'CT2';
      if (released) await stage().released({ callingAeTitle, studyInstanceUids });
    },
    restart(): void {
      arrivals = createArrivals(QUIET_MS);
      listeningSince_ms = now();
    },
    revisions: () =>
      store.all<{ study: number; number: number; through: number; series: number | null }>(
        `SELECT study_id AS study, number, through_instance_id AS through, series_id AS series
          FROM study_revisions ORDER BY id`,
      ),
    jobs: () =>
      store.all<{ series: number; through: number; state: string }>(
        'SELECT series_id AS series, series_through AS through, state FROM jobs ORDER BY id',
      ),
  };
}
const never = (): void => undefined;

describe('a study of a sender with a rule', () => {
  it('is complete at once when the sender is done, and without its word after the quiet time', async () => {
    const world = createWorld();
    await world.image('CT1-a', 1);
    await world.image('CT2-a', 2);
    await world.pass();
    expect(world.revisions()).toEqual([]);
    await world.end('CT1-a', true);
    await world.end('CT2-a', true);
    await world.pass();
    expect(world.revisions()).toMatchObject([{ study: 1, number: 1, through: 1 }]);
    world.clock.now_ms += QUIET_MS;
    await world.pass();
    expect(world.revisions()).toHaveLength(2);
  });

  it('waits for the last of several associations, and for the quiet time when one was aborted', async () => {
    const world = createWorld();
    for (const association of ['CT1-a', 'CT1-b']) await world.image(association, 1);
    await world.end('CT1-a', true);
    await world.pass();
    expect(world.revisions()).toEqual([]);
    await world.end('CT1-b', false);
    await world.pass();
    expect(world.revisions()).toEqual([]);
    await world.image('CT1-c', 1);
    await world.end('CT1-c', true);
    await world.pass();
    expect(world.revisions()).toMatchObject([{ through: 3 }]);
  });

  it('is complete after a restart that came between the word and the pass', async () => {
    const world = createWorld();
    await world.image('CT1-a', 1);
    await world.end('CT1-a', true);
    world.restart();
    await world.pass();
    expect(world.revisions()).toHaveLength(1);
    expect(store.all('SELECT * FROM study_releases')).toEqual([]);
  });
});

describe('series of routes that do not wait for the study', () => {
  it('go while others still come, and not again with the study', async () => {
    const world = createWorld({ complete: 'series' });
    await world.image('CT2-a', 1, 1);
    world.clock.now_ms += QUIET_MS / 2;
    await world.image('CT2-a', 1, 2);
    world.clock.now_ms += QUIET_MS / 2;
    await world.pass();
    expect(world.jobs()).toMatchObject([{ series: 1, through: 1 }]);
    world.clock.now_ms += QUIET_MS;
    await world.pass();
    expect(world.jobs()).toMatchObject([{ series: 1 }, { series: 2, through: 2 }]);
    expect(world.revisions().map(({ number, series }) => [number, series])).toEqual([
      [1, 1],
      [2, 2],
      [3, null],
    ]);
  });

  it('go together when they are due together', async () => {
    const world = createWorld({ complete: 'series' });
    for (const series of [1, 2, 3]) await world.image('CT2-a', 1, series);
    world.restart();
    world.clock.now_ms += QUIET_MS;
    await world.pass();
    expect(world.jobs().map(({ series }) => series)).toEqual([1, 2, 3]);
  });

  it('leave out what comes late where the site says so', async () => {
    const world = createWorld({ complete: 'series', lateImages: 'ignore' });
    await world.image('CT2-a', 1);
    world.clock.now_ms += QUIET_MS;
    await world.pass();
    await world.image('CT2-b', 1);
    world.clock.now_ms += QUIET_MS;
    await world.pass();
    expect(world.jobs()).toMatchObject([{ through: 1 }]);
    expect(store.all('SELECT late_ignored FROM studies')).toEqual([{ late_ignored: 1 }]);
  });
});

describe('whatever comes in whatever order, with restarts', () => {
  const association = fc.constantFrom('CT1-a', 'CT1-b', 'CT2-a');
  const step = fc.oneof(
    fc.record({
      do: fc.constant('image' as const),
      association,
      study: fc.integer({ min: 1, max: 2 }),
      series: fc.integer({ min: 1, max: 2 }),
    }),
    fc.record({ do: fc.constant('end' as const), association, released: fc.boolean() }),
    fc.record({ do: fc.constant('wait' as const), for_ms: fc.integer({ min: 1, max: 2 * QUIET_MS }) }),
    fc.constant({ do: 'pass' as const }),
    fc.constant({ do: 'restart' as const }),
  );

  it.each(['study', 'series'] as const)(
    'no image is lost, no images have two jobs, nothing is complete too early (routes by %s)',
    async (complete) => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
          for (const table of ['jobs', 'revision_waits', 'study_revisions', 'study_releases', 'instances', 'series'])
            await store.write([{ sql: `DELETE FROM ${table}` }]);
          await store.write([{ sql: 'DELETE FROM studies' }]);
          const world = createWorld({ complete, prefix: `${++run}.` });
          /** When each study last got an image, and whether since then a sender with a rule was the last to be done. */
          const last = new Map<string, { at_ms: number; done: boolean }>();
          const bringing = new Map<string, Set<string>>();
          const studyOf = (id: number): string =>
            store.get<{ uid: string }>('SELECT study_instance_uid AS uid FROM studies WHERE id = ?', id)?.uid ?? '';
          let since_ms = world.clock.now_ms;
          const tooEarly: unknown[] = [];
          for (const one of steps) {
            if (one.do === 'image') {
              const uid = `${run}.1.${one.study}`;
              await world.image(one.association, one.study, one.series);
              last.set(uid, { at_ms: world.clock.now_ms, done: false });
              bringing.set(one.association, (bringing.get(one.association) ?? new Set()).add(uid));
            } else if (one.do === 'end') {
              await world.end(one.association, one.released);
              for (const uid of bringing.get(one.association) ?? [])
                if (one.released && one.association.startsWith('CT1')) (last.get(uid) as { done: boolean }).done = true;
              bringing.delete(one.association);
            } else if (one.do === 'wait') world.clock.now_ms += one.for_ms;
            else if (one.do === 'restart') {
              world.restart();
              since_ms = world.clock.now_ms;
              bringing.clear();
            } else {
              const before = world.revisions().length;
              await world.pass();
              const whole = world
                .revisions()
                .slice(before)
                .filter(({ series }) => series === null);
              const unfinished = whole.filter(({ study }) => {
                const known = last.get(studyOf(study));
                return world.clock.now_ms - Math.max(since_ms, known?.at_ms ?? 0) < QUIET_MS && known?.done !== true;
              });
              tooEarly.push(...unfinished);
            }
          }
          expect(tooEarly).toEqual([]);
          world.clock.now_ms += 3 * QUIET_MS;
          await world.pass();
          await world.pass();
          const jobs = world.jobs();
          expect(new Set(jobs.map(({ series, through }) => `${series} ${through}`)).size).toBe(jobs.length);
          // The newest job of every series has all its images.
          const series = store.all<{ id: number; last: number }>(
            'SELECT series_id AS id, max(id) AS last FROM instances GROUP BY series_id',
          );
          for (const { id, last: lastImage } of series)
            expect(Math.max(...jobs.filter((job) => job.series === id).map(({ through }) => through))).toBe(lastImage);
          const whole = world.revisions().filter((revision) => revision.series === null);
          expect(new Set(whole.map(({ study, through }) => `${study} ${through}`)).size).toBe(whole.length);
        }),
        { numRuns: 25 },
      );
    },
  );
});
