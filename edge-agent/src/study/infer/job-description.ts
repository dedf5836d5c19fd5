import { join } from 'node:path';
import type { Route } from '@collimator/shared/contracts/agent-config';
import { newUid } from '@collimator/shared/dicom/uids';
import { destinationsOf, objectsOf, reporting, routesOf } from '../assemble/route/routing.ts';
import type { JobRow, Jobs, StoredResult } from '../../store/sqlite-jobs.ts';
import type { ResultUids } from '../result/result-context.ts';
import type { Inferred, ResultStyle, WorkerJob } from './protocol.ts';

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
  const routes = routesOf(deps.routes, row);
  const objects = objectsOf(routes);
  return {
    jobId: row.jobId,
    releaseSha256: row.releaseSha256,
    files: deps.jobs.images(row).map((path) => join(deps.dataDir, path)),
    outFolder: join(deps.dataDir, attemptFolder(row)),
    objects: objects.length === 0 ? ['SEG', 'SR'] : objects,
    style: styleOf(routes),
    uids: newResultUids(deps.random),
    predecessors: deps.jobs.predecessors(row),
    identity: { deviceSerial: deps.deviceSerial, agentVersion: deps.agentVersion, at_ms: deps.now() },
  };
}

/** A check of the configuration sees to it that all routes of a release want the same style. */
function styleOf(routes: readonly Route[]): ResultStyle {
  const [first] = routes;
  return {
    report: first?.report ?? 'comprehensive',
    segmentation: first?.segmentation ?? 'binary',
    keyImages: first?.key_images ?? { most: 1 },
    outcomes: {
      'no-finding': routes.length === 0 || reporting(routes, 'no_finding').length > 0,
      abstained: routes.length === 0 || reporting(routes, 'abstained').length > 0,
    },
  };
}

const outcomeKeys = { measured: 'measured', 'no-finding': 'no_finding', abstained: 'abstained' } as const;

/** The objects that a child made, as rows, each with the destinations of the routes that send it. */
export function resultsToStore(row: JobRow, inferred: Inferred, routes: readonly Route[]): readonly StoredResult[] {
  const chosen = reporting(routesOf(routes, row), outcomeKeys[inferred.outcome]);
  return inferred.objects.map(({ file, ...made }) => ({
    ...made,
    path: `${attemptFolder(row)}/${file}`,
    destinations: destinationsOf(chosen, made.object),
  }));
}
