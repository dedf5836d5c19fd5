import type { ReleaseRef } from '@collimator/shared/contracts/common';
import type { RunSummary } from '@collimator/shared/contracts/http-api';
import type { ReleaseDeclaration } from '@collimator/shared/contracts/release';
import type { RunSpec } from '@collimator/shared/contracts/run-spec';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { Statement, Store } from '@collimator/shared/sqlite/store';
import { noProgress, type RunProgress } from './run-progress.ts';

/** `trained`: its release folder is on the disk and only the registration is left; shown as running. */
export type RunState = RunSummary['state'] | 'trained';

export type Run = {
  readonly number: number;
  readonly state: RunState;
  readonly attempt: number;
  readonly launcher: string;
  readonly datasetFolder: string;
  readonly spec: RunSpec;
  readonly release: ReleaseDeclaration;
  readonly progress: RunProgress;
  readonly releaseRef: ReleaseRef | null;
  readonly error: string | null;
  readonly createdAt: string;
};

export type NewRun = Pick<Run, 'datasetFolder' | 'spec' | 'release'> & { readonly at: string };

export const runId = (number: number): string => `r-${String(number).padStart(6, '0')}`;
export const runNumber = (id: string): number => Number(id.slice('r-'.length));

type RunRow = {
  readonly number: number;
  readonly state: RunState;
  readonly attempt: number;
  readonly launcher: string;
  readonly dataset_folder: string;
  readonly spec_json: string;
  readonly release_json: string;
  readonly progress_json: string;
  readonly release_ref_json: string | null;
  readonly error: string | null;
  readonly created_at: string;
};

/** Runs shown at once, newest first. */
const listMax = 1_000;

export const inStateSql = 'SELECT * FROM runs WHERE state = ? ORDER BY number LIMIT ?';
export const countSql = 'SELECT count(*) AS n FROM runs WHERE state = ?';
export const listSql = 'SELECT * FROM runs ORDER BY number DESC LIMIT ?';

export type RunTable = ReturnType<typeof runTable>;

/** The SQL of training runs; no decisions. Each change expects the state it follows from. */
export function runTable(store: Store) {
  const get = (number: number): Run | undefined => {
    const row = store.get<RunRow>('SELECT * FROM runs WHERE number = ?', number);
    return row && fromRow(row);
  };
  return {
    get,
    require(id: string): Run {
      const run = get(runNumber(id));
      if (run === undefined) throw new CodedError('run-unknown', id);
      return run;
    },
    list: (): readonly Run[] => store.all<RunRow>(listSql, listMax).map(fromRow),
    inState: (state: RunState): readonly Run[] => store.all<RunRow>(inStateSql, state, listMax).map(fromRow),
    count: (state: RunState): number => store.get<{ n: number }>(countSql, state)?.n ?? 0,
    start: (run: Run) =>
      store.write([
        {
          sql: "UPDATE runs SET state = 'running', attempt = ? WHERE number = ? AND state = 'queued'",
          params: [run.attempt + 1, run.number],
          expectChanges: 1,
        },
      ]),
    startOver: (run: Run) =>
      store.write([
        {
          sql: "UPDATE runs SET state = 'queued' WHERE number = ? AND state = 'running'",
          params: [run.number],
          expectChanges: 1,
        },
      ]),
    trained: (run: Run, progress: RunProgress) =>
      store.write([
        {
          sql: "UPDATE runs SET state = 'trained', progress_json = ? WHERE number = ? AND state = 'running'",
          params: [JSON.stringify(progress), run.number],
          expectChanges: 1,
        },
      ]),
  };
}

export const insertRun = ({ spec, release, datasetFolder, at }: NewRun): Statement => ({
  sql: `INSERT INTO runs (state, experiment, launcher, dataset_folder, spec_json, release_json, progress_json, created_at)
        VALUES ('queued', ?, ?, ?, ?, ?, ?, ?) RETURNING number`,
  params: [
    spec.experiment,
    spec.launcher,
    datasetFolder,
    JSON.stringify(spec),
    JSON.stringify(release),
    JSON.stringify(noProgress(spec.steps_max)),
    at,
  ],
});

export const succeedRun = (run: Run, ref: ReleaseRef, at: string): Statement => ({
  sql: "UPDATE runs SET state = 'succeeded', release_ref_json = ?, finished_at = ? WHERE number = ? AND state = 'trained'",
  params: [JSON.stringify(ref), at, run.number],
  expectChanges: 1,
});

export const failRun = (run: Run, error: string, progress: RunProgress, at: string): Statement => ({
  sql: `UPDATE runs SET state = 'failed', error = ?, progress_json = ?, finished_at = ?
        WHERE number = ? AND state IN ('running', 'trained')`,
  params: [error, JSON.stringify(progress), at, run.number],
  expectChanges: 1,
});

export const summaryOf = (run: Run, live: RunProgress | undefined): RunSummary => ({
  id: runId(run.number),
  experiment: run.spec.experiment,
  state: run.state === 'trained' ? 'running' : run.state,
  engine: run.spec.engine,
  ...(live ?? run.progress),
  release: run.releaseRef,
  error: run.error,
  created: run.createdAt,
});

const fromRow = (row: RunRow): Run => ({
  number: row.number,
  state: row.state,
  attempt: row.attempt,
  launcher: row.launcher,
  datasetFolder: row.dataset_folder,
  spec: JSON.parse(row.spec_json) as RunSpec,
  release: JSON.parse(row.release_json) as ReleaseDeclaration,
  progress: JSON.parse(row.progress_json) as RunProgress,
  releaseRef: row.release_ref_json === null ? null : (JSON.parse(row.release_ref_json) as ReleaseRef),
  error: row.error,
  createdAt: row.created_at,
});
