import { join } from 'node:path';
import type { Route } from '@collimator/shared/contracts/agent-config';
import { newUid } from '@collimator/shared/dicom/uids';
import { destinationsOf, objectsOf, routesOf } from '../assemble/routing.ts';
import type { JobRow, Jobs, StoredResult } from '../../store/sqlite-jobs.ts';
import type { ResultUids } from '../result/result-context.ts';
import type { Inferred, WorkerJob } from './protocol.ts';

export type DescriptionDeps = {
  readonly jobs: Jobs;
  /** Absolute. */
  readonly dataDir: string;
  readonly routes: readonly Route[];
  readonly deviceSerial: string;
  readonly agentVersion: string;
  readonly now: () => number;
  /** So many random bytes. */
  readonly random: (bytes: number) => Uint8Array;
};

/** Folder of one attempt, relative to the data folder: a process that was given up can write to no other's files. */
export const attemptFolder = (row: JobRow): string => `results/${row.jobId}/${row.job.starts}`;

export const newResultUids = (random: (bytes: number) => Uint8Array): ResultUids => {
  const uid = (): string => newUid(random(16));
  return { seg: uid(), segSeries: uid(), sr: uid(), srSeries: uid() };
};

/** What a child is told of a job. Without a route any more, both objects are made and delivered to nobody. */
export function describeJob(row: JobRow, deps: DescriptionDeps): WorkerJob {
  const objects = objectsOf(routesOf(deps.routes, row));
  return {
    jobId: row.jobId,
    releaseSha256: row.releaseSha256,
    files: deps.jobs.images(row).map((path) => join(deps.dataDir, path)),
    outFolder: join(deps.dataDir, attemptFolder(row)),
    objects: objects.length === 0 ? ['SEG', 'SR'] : objects,
    uids: newResultUids(deps.random),
    predecessors: deps.jobs.predecessors(row),
    identity: { deviceSerial: deps.deviceSerial, agentVersion: deps.agentVersion, at_ms: deps.now() },
  };
}

/** The objects that a child made, as rows, each with the destinations of the routes that send it. */
export function resultsToStore(row: JobRow, inferred: Inferred, routes: readonly Route[]): readonly StoredResult[] {
  const chosen = routesOf(routes, row);
  return inferred.objects.map(({ file, ...made }) => ({
    ...made,
    path: `${attemptFolder(row)}/${file}`,
    destinations: destinationsOf(chosen, made.object),
  }));
}
