import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, writeDurably } from '@collimator/shared/files/durable-file';
import type { JobRow, Jobs } from '../../store/sqlite-jobs.ts';

export type PoisonDeps = {
  /** Absolute. */
  readonly dataDir: string;
  readonly jobs: Pick<Jobs, 'imagesAfter'>;
  readonly now: () => number;
};

/** Jobs that stay set aside; beyond that the oldest is removed. */
const FOLDERS_MAX = 100;
/** More images than a series may have anywhere else. */
const IMAGES_MAX = 100_000;

/**
 * Sets a job aside of which workers died: `poison/<job>/job.json` says by the keys of the index which images it was
 * about, under which release, and where. Nothing in it names a patient; whoever may read the data folder finds the
 * images by `collimator agent studies export`.
 */
export async function setPoisonAside(row: JobRow, device: string, deps: PoisonDeps): Promise<void> {
  const root = join(deps.dataDir, 'poison');
  const folder = join(root, String(row.jobId));
  const images = deps.jobs.imagesAfter(row, 0, IMAGES_MAX).map(({ id }) => id);
  const { jobId, seriesId, seriesThrough, releaseName, releaseVersion, releaseSha256 } = row;
  const told = {
    ...{ job: jobId, series: seriesId, series_through: seriesThrough, images, device },
    release: { name: releaseName, version: releaseVersion, sha256: releaseSha256 },
    attempts: row.job.attempts + 1,
    at: new Date(deps.now()).toISOString(),
  };
  await makeFolder(folder);
  await writeDurably(join(folder, 'job.json'), Buffer.from(`${JSON.stringify(told, null, 2)}\n`));
  const kept = (await readdir(root))
    .map(Number)
    .filter(Number.isInteger)
    .toSorted((a, b) => a - b);
  for (const oldest of kept.slice(0, Math.max(0, kept.length - FOLDERS_MAX)))
    await rm(join(root, String(oldest)), { recursive: true, force: true });
}
