import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Route } from '@collimator/shared/contracts/agent-config';
import { newUid } from '@collimator/shared/dicom/uids';
import { destinationsOf, objectsOf, reporting, routesOf } from '../assemble/route/routing.ts';
import type { JobRow, Jobs, StoredResult } from '../../store/sqlite-jobs.ts';
import type { ResultUids } from '../result/result-context.ts';
import type { Inferred, Priors, ResultStyle, WorkerJob } from './protocol.ts';

export type DescriptionDeps = {
  readonly jobs: Jobs;
  /** What a job is given as priors; undefined where its release asks for none. */
  readonly priorsOf: (jobId: number) => Priors | undefined;
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

/** Folder where the workers of one attempt hand things to each other, relative to the data folder; nothing in it is durable. */
export const workFolder = (row: JobRow): string => `work/${row.jobId}-${row.job.starts}`;

export const newResultUids = (random: (bytes: number) => Uint8Array): ResultUids => {
  const uid = (): string => newUid(random(16));
  return { seg: uid(), segSeries: uid(), sr: uid(), srSeries: uid() };
};

/** Images that are read at a time; between two reads the rest of the program has its turn. */
const IMAGES_AT_A_TIME = 500;

async function imageFiles(row: JobRow, { jobs, dataDir }: DescriptionDeps): Promise<readonly string[]> {
  const files: string[] = [];
  for (let last = 0; ; ) {
    const some = jobs.imagesAfter(row, last, IMAGES_AT_A_TIME);
    for (const { id, path } of some) {
      last = id;
      files.push(join(dataDir, path));
    }
    if (some.length < IMAGES_AT_A_TIME) return files;
    await setImmediate();
  }
}

/** What a child is told of a job. Without a route any more, both objects are made and delivered to nobody. */
export async function describeJob(row: JobRow, deps: DescriptionDeps): Promise<WorkerJob> {
  const routes = routesOf(deps.routes, row);
  const objects = objectsOf(routes);
  const priors = deps.priorsOf(row.jobId);
  return {
    jobId: row.jobId,
    releaseSha256: row.releaseSha256,
    files: await imageFiles(row, deps),
    outFolder: join(deps.dataDir, attemptFolder(row)),
    objects: objects.length === 0 ? ['SEG', 'SR'] : objects,
    style: styleOf(routes),
    uids: newResultUids(deps.random),
    predecessors: deps.jobs.predecessors(row),
    ...(priors !== undefined && { priors }),
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
