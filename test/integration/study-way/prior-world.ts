import { join } from 'node:path';
import { createSqlitePriorFetches } from '@collimator/edge-agent/store/sqlite-prior-fetches';
import type { PriorStudy } from '@collimator/edge-agent/study/infer/protocol';
import type { ActiveRelease } from '@collimator/edge-agent/study/assemble/route/active-releases';
import type { StoreObject } from '@collimator/edge-agent/dimse/index';
import type { PriorsWanted } from '@collimator/shared/contracts/release-priors';
import type { Store } from '@collimator/shared/sqlite/store';
import Database from 'better-sqlite3';
import { type Orthanc, startOrthanc } from '../../e2e/orthanc.ts';
import { freePort, freePorts } from '../../free-ports.ts';
import { mrSeries, type SeriesOptions } from './mr-series.ts';
import { writeRelease } from './release-folder.ts';
import { writeSlices } from './stored-slices.ts';

/** What the model of these tests wants. */
export const wanted: PriorsWanted = { count_max: 2, wait_s_max: 30, required: false };

/** The study that is sent, of a patient who has priors. */
export const current: SeriesOptions = { study: 'now', slices: 4, patient: 'P1', issuer: 'H1' };
/** A study of the same patient, so many years earlier. */
export const earlier = (years: number, more: Partial<SeriesOptions> = {}): SeriesOptions => ({
  ...current,
  study: `${years}-before`,
  date: `${2026 - years}0102`,
  slices: 3,
  ...more,
});

export const releaseThatWants = (folder: string, priors: PriorsWanted): Promise<ActiveRelease> =>
  writeRelease(join(folder, 'release-with-priors'), '1.0.0', 0, {}, {}, { priors });

export type Archive = Orthanc & { readonly settings: object; hold(slices: readonly StoreObject[]): Promise<void> };

/** An Orthanc that has what it is given, and sends to the appliance at that port. */
export async function startArchive(folder: string, appliancePort: number, settings: object = {}): Promise<Archive> {
  const [dicomPort = 0, httpPort = 0] = await freePorts(2);
  const orthanc = await startOrthanc({
    ...{ folder: join(folder, 'archive'), aeTitle: 'ARCHIVE', dicomPort, httpPort },
    appliance: { aeTitle: 'COLLIMATOR', port: appliancePort },
    settings,
  });
  let uploads = 0;
  return {
    ...orthanc,
    settings: priorSource(dicomPort),
    async hold(slices) {
      uploads += 1;
      await orthanc.upload(await writeSlices(join(folder, `for-archive-${uploads}`), slices));
    },
  };
}

/** The `priors` section for a PACS at that port of this machine. */
export const priorSource = (port: number, more: object = {}): object => ({
  source: { ae_title: 'ARCHIVE', host: '127.0.0.1', port },
  retry: { first_s: 0.2, most_s: 1 },
  ...more,
});

export const seriesOf = (...all: readonly SeriesOptions[]): StoreObject[] => all.flatMap((one) => mrSeries(one));

export type PriorRow = {
  readonly jobId: number;
  readonly state: string;
  readonly outcome: string | null;
  readonly reason: string | null;
  readonly listed: number;
  readonly differing: number;
};

/** What the database of an agent says of priors, read beside it. */
export function priorsIn(dataDir: string): {
  readonly requests: readonly PriorRow[];
  readonly fetches: readonly { readonly state: string; readonly attempts: number }[];
  readonly offered: (jobId: number) => readonly PriorStudy[];
} {
  const read = <T>(use: (database: Database.Database) => T): T => {
    const database = new Database(join(dataDir, 'agent.sqlite'), { readonly: true });
    try {
      return use(database);
    } finally {
      database.close();
    }
  };
  return {
    requests: read((database) =>
      database
        .prepare<[], PriorRow>(
          'SELECT job_id AS jobId, state, outcome, reason, listed, differing FROM prior_requests ORDER BY job_id',
        )
        .all(),
    ),
    fetches: read((database) =>
      database.prepare<[], { state: string; attempts: number }>('SELECT state, attempts FROM prior_fetches').all(),
    ),
    offered: (jobId) =>
      read((database) => {
        const all = (sql: string, ...params: readonly unknown[]): unknown[] => database.prepare(sql).all(...params);
        return createSqlitePriorFetches({ all } as unknown as Store).offered(jobId);
      }),
  };
}

export { freePort };
