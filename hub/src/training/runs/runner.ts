import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReleaseRef } from '@collimator/shared/contracts/common';
import type { RunRequest, RunSummary } from '@collimator/shared/contracts/http-api';
import { releaseDeclaration } from '@collimator/shared/contracts/release';
import { CodedError, describeError, isCoded } from '@collimator/shared/errors/coded-error';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import type { Store } from '@collimator/shared/sqlite/store';
import type { AuditLog } from '../../audit/audit-log.ts';
import type { launchLocal } from '../train/launchers/local.ts';
import { findDataset } from './find-dataset.ts';
import { createRunFeed, type RunFeed } from './run-feed.ts';
import { advance, noProgress, type RunProgress } from './run-progress.ts';
import { failRun, insertRun, type Run, runId, runTable, succeedRun, summaryOf } from './run-table.ts';

export interface Runner {
  /** Takes up what an earlier process left: what was running starts over, what was trained is registered. */
  start(): Promise<void>;
  /** Queues a run. Throws `config-invalid`, `dataset-unknown`, `run-launcher-unknown`, `run-queue-full`, `run-release-taken`. */
  submit(request: RunRequest): Promise<RunSummary>;
  get(id: string): RunSummary;
  list(): readonly RunSummary[];
  readonly watch: RunFeed['watch'];
  counts(): { readonly waiting: number; readonly running: number };
  /** Ends the training processes; their runs start over with the next start. */
  stop(): Promise<void>;
}

export type RunnerDeps = {
  readonly store: Store;
  readonly audit: AuditLog;
  /** Each run has a folder here. */
  readonly folder: string;
  readonly datasets: readonly string[];
  readonly launchers: readonly { readonly name: string; readonly parallel_max: number }[];
  readonly launch: typeof launchLocal;
  readonly register: (folder: string) => Promise<ReleaseRef>;
  readonly isRegistered: (name: string, version: string) => boolean;
  readonly codeVersion: string;
  readonly onFinished?: (outcome: 'succeeded' | 'failed') => void;
  readonly log: Log;
  readonly now: () => Date;
  readonly checkpoint: Checkpoint;
};

/** Runs that wait; more are refused. */
const waitingMax = 100;

export function createRunner(deps: RunnerDeps): Runner {
  const { store, audit, log, now, checkpoint } = deps;
  const table = runTable(store);
  const feed = createRunFeed();
  /** The live progress of each run at work, and the promise of its end. */
  const live = new Map<number, { progress: RunProgress; readonly launcher: string; ended: Promise<void> }>();
  const stopping = new AbortController();
  /** Runs whose end could not be written; they are taken up at the next start, not in a circle now. */
  const stuck = new Set<number>();

  const show = (run: Run): RunSummary => summaryOf(run, live.get(run.number)?.progress);
  const tell = (number: number) => {
    const run = table.get(number);
    if (run !== undefined) feed.publish(show(run));
  };
  const folderOf = (run: Run) => join(deps.folder, runId(run.number));

  /** Starts waiting runs, oldest first, as long as their launcher has room. */
  const pump = (): void => {
    if (stopping.signal.aborted) return;
    for (const run of [...table.inState('trained'), ...table.inState('queued')]) {
      if (live.has(run.number) || stuck.has(run.number)) continue;
      const room = deps.launchers.find((launcher) => launcher.name === run.launcher)?.parallel_max ?? 1;
      const busy = [...live.values()].filter((other) => other.launcher === run.launcher).length;
      if (busy >= room && run.state === 'queued') continue;
      const progress = run.state === 'trained' ? run.progress : noProgress(run.spec.steps_max);
      const entry = { progress, launcher: run.launcher, ended: Promise.resolve() };
      live.set(run.number, entry);
      entry.ended = perform(run, entry).finally(() => {
        live.delete(run.number);
        tell(run.number);
        pump();
      });
    }
  };

  /** One run from where it stands to its end. Never rejects: what cannot be written now is taken up at the next start. */
  const perform = async (run: Run, entry: { progress: RunProgress }): Promise<void> => {
    try {
      const begun = performance.now();
      if (run.state === 'queued' && !(await train(run, entry))) return;
      const trained = table.require(runId(run.number));
      const ref = await deps.register(join(folderOf(trained), String(trained.attempt), 'release'));
      checkpoint('hub-run-registered');
      await audit.record(
        {
          actor: 'hub',
          action: 'run-succeeded',
          subject: runId(run.number),
          detail: { release: ref.name, version: ref.version, sha256: ref.sha256 },
        },
        [succeedRun(run, ref, now().toISOString())],
      );
      const duration = Math.round(performance.now() - begun);
      log.event('run-succeeded', {
        run: runId(run.number),
        release: ref.name,
        version: ref.version,
        duration_ms: duration,
      });
      deps.onFinished?.('succeeded');
    } catch (error) {
      await fail(run, error, entry.progress).catch((second: unknown) => {
        stuck.add(run.number);
        log.event('hub-task-failed', { task: `run ${runId(run.number)}`, reason: describeError(second) });
      });
    }
  };

  /** @returns whether it trained to its end; false when the hub is stopping, and the run starts over later */
  const train = async (run: Run, entry: { progress: RunProgress }): Promise<boolean> => {
    const attempt = run.attempt + 1;
    await table.start(run);
    await rm(folderOf(run), { recursive: true, force: true });
    log.event('run-started', { run: runId(run.number), launcher: run.launcher });
    tell(run.number);
    const result = await deps.launch({
      spec: run.spec,
      release: run.release,
      datasetDir: run.datasetFolder,
      outDir: join(folderOf(run), String(attempt)),
      run: runId(run.number),
      code: deps.codeVersion,
      signal: stopping.signal,
      onEvent: (event) => {
        entry.progress = advance(entry.progress, event);
        tell(run.number);
      },
    });
    if (!result.ok && isCoded(result.error, 'training-aborted') && stopping.signal.aborted) return false;
    if (!result.ok) throw result.error;
    await table.trained(run, entry.progress);
    return true;
  };

  const fail = async (run: Run, error: unknown, progress: RunProgress): Promise<void> => {
    const code = error instanceof CodedError ? error.code : 'hub-internal';
    const reason = describeError(error);
    await audit.record({ actor: 'hub', action: 'run-failed', subject: runId(run.number), detail: { code } }, [
      failRun(run, reason, progress, now().toISOString()),
    ]);
    log.event('run-failed', { run: runId(run.number), code, reason });
    deps.onFinished?.('failed');
  };

  return {
    async start() {
      for (const run of table.inState('running')) {
        await table.startOver(run);
        log.event('run-started-over', { run: runId(run.number) });
      }
      pump();
    },
    async submit({ spec, release: declared }) {
      const release = releaseDeclaration.parse(declared, 'release');
      if (!deps.launchers.some((launcher) => launcher.name === spec.launcher)) {
        throw new CodedError('run-launcher-unknown', spec.launcher);
      }
      if (deps.isRegistered(release.name, release.version)) {
        throw new CodedError('run-release-taken', `${release.name}@${release.version}`);
      }
      const datasetFolder = await findDataset(deps.datasets, spec.dataset);
      if (table.count('queued') >= waitingMax) throw new CodedError('run-queue-full', `${waitingMax} are waiting`);
      const [inserted] = await audit.record(
        {
          actor: 'operator',
          action: 'run-queued',
          subject: spec.experiment,
          detail: { dataset: spec.dataset, release: release.name, version: release.version },
        },
        [insertRun({ spec, release, datasetFolder, at: now().toISOString() })],
      );
      const number = Number(inserted?.rows[0]?.['number']);
      log.event('run-queued', { run: runId(number), experiment: spec.experiment });
      pump();
      return show(table.require(runId(number)));
    },
    get: (id) => show(table.require(id)),
    list: () => table.list().map(show),
    watch: (id, listener) => feed.watch(id, listener),
    counts: () => ({ waiting: table.count('queued'), running: live.size }),
    async stop() {
      stopping.abort();
      await Promise.all([...live.values()].map((entry) => entry.ended));
    },
  };
}
