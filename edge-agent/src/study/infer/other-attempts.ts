import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describeError } from '@collimator/shared/errors/coded-error';
import type { Log } from '@collimator/shared/observe/log';
import type { JobRow } from '../../store/sqlite-jobs.ts';
import { attemptFolder } from './job-description.ts';

/** Removes what a job left behind whose images were replaced or rejected while it ran. Never rejects: it is only room on the disk. */
export async function removeAttempts(dataDir: string, row: JobRow, log: Log): Promise<void> {
  try {
    await rm(join(dataDir, dirname(attemptFolder(row))), { recursive: true, force: true });
  } catch (error) {
    log.event('study-stage-failed', { stage: 'infer', reason: describeError(error) });
  }
}

/** Removes what earlier attempts of a job left behind; no table names it. Never rejects: it is only room on the disk. */
export async function removeOtherAttempts(dataDir: string, row: JobRow, log: Log): Promise<void> {
  const folder = join(dataDir, dirname(attemptFolder(row)));
  try {
    for (const name of await readdir(folder))
      if (name !== String(row.job.starts)) await rm(join(folder, name), { recursive: true, force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    log.event('study-stage-failed', { stage: 'infer', reason: describeError(error) });
  }
}
