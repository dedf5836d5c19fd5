import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { AgentConfig, Route } from '@collimator/shared/contracts/agent-config';
import type { DeviceStatus } from '@collimator/shared/contracts/local-api';
import { describeError } from '@collimator/shared/errors/coded-error';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import type { Deliveries } from '../../store/sqlite-deliveries.ts';
import type { JobRow, Jobs } from '../../store/sqlite-jobs.ts';
import type { RunCosts } from '../../store/sqlite-run-costs.ts';
import type { After } from '../../timers.ts';
import type { ActiveRelease } from '../assemble/route/active-releases.ts';
import { routesOf } from '../assemble/route/routing.ts';
import { createBalance } from '../queue/balance/balance.ts';
import { createDispatcher } from '../queue/dispatcher.ts';
import type { Job } from '../queue/job-state.ts';
import type { StageLoop } from '../queue/stage-loop.ts';
import { createScheduler } from '../queue/schedule/create-scheduler.ts';
import { changesAtOnce, createChangeTurns } from './change-turns.ts';
import { createCostKeeper } from './cost-keeper.ts';
import { createDevice, type Device } from './device.ts';
import { deviceStatus } from './device-status.ts';
import { createDeviceTally } from './device-tally.ts';
import { createEngine, type Engine } from './engine.ts';
import type { OnEngineEvent } from './engine-events.ts';
import { startInferenceChild } from './inference-child.ts';
import { type DescriptionDeps, describeJob, resultsToStore, workFolder } from './job-description.ts';
import { removeAttempts, removeOtherAttempts } from './other-attempts.ts';
import { setPoisonAside } from './poison.ts';
import type { DeviceSpec } from './protocol.ts';
import { createRequestEngine } from './request-engine.ts';
import type { TensorEngine } from './tensor-engine.ts';

export type OpenEngineDeps = {
  readonly config: Pick<AgentConfig, 'routes' | 'inference'>;
  readonly specs: readonly DeviceSpec[];
  readonly describing: DescriptionDeps;
  readonly runCosts: RunCosts;
  readonly jobs: Jobs;
  readonly deliveries: Pick<Deliveries, 'withdraw' | 'resultsOf'>;
  readonly after: After;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
  readonly onEnded: (row: JobRow, to: Job) => void;
  readonly onEvent: OnEngineEvent;
};

/** The devices, the balance over them, the queue before it and the door for other programs. */
export type OpenEngine = {
  readonly loop: StageLoop;
  readonly tensors: TensorEngine;
  /** Removes what workers of the last run handed to each other; before the first job. */
  sweep(): Promise<void>;
  want(releases: readonly ActiveRelease[]): void;
  devices(): readonly DeviceStatus[];
};

/** Wires the engine; it runs nothing before `loop` is started. */
export function openEngine(deps: OpenEngineDeps): OpenEngine {
  const { describing, jobs, log, after, checkpoint } = deps;
  const { dataDir, now } = describing;
  const { watchdog, requests_max: requestsMax } = deps.config.inference;
  const tally = createDeviceTally();
  const keeper = createCostKeeper({ runCosts: deps.runCosts, after, log });
  const balance = createBalance(createScheduler({ costs: keeper.costs }));
  const onEvent: OnEngineEvent = (event) => {
    if (event.type === 'task-ended' && event.outcome === 'success') keeper.learned();
    deps.onEvent(event);
  };
  const places = deps.specs.reduce((sum, { workers }) => sum + workers, 0);
  const turns = createChangeTurns(changesAtOnce(places, availableParallelism()));
  const devices: readonly Device[] = deps.specs.map((spec) =>
    createDevice({
      ...{ spec, turns, now, after, log, onEvent },
      start: (device, releases) => startInferenceChild({ device, releases, after }),
      onChange() {
        engine.changed();
        dispatcher.wake();
      },
      onRenewed: () => balance.renewed(spec.name),
    }),
  );
  const engine: Engine = createEngine({
    ...{ balance, devices, tally, now, after, log, onEvent },
    watchdog: { factor: watchdog.factor, floor_ms: watchdog.floor_s * 1000 },
  });
  const removeWork = async (row: JobRow): Promise<void> => {
    try {
      await rm(join(dataDir, workFolder(row)), { recursive: true, force: true });
    } catch (error) {
      // It is only room on the disk, and the next start sweeps it.
      log.event('study-stage-failed', { stage: 'infer', reason: describeError(error) });
    }
  };
  const dispatcher: StageLoop = createDispatcher({
    ...{ jobs, engine, now, after, log, checkpoint, onEvent },
    async describe(row) {
      // What fewer images gave and nobody has yet is not sent any more; what somebody has is named as a predecessor.
      await deps.deliveries.withdraw(deps.deliveries.resultsOf(jobs.earlier(row)), 'superseded');
      return describeJob(row, describing);
    },
    refOf: (row) => ({
      ...{ jobId: row.jobId, releaseSha256: row.releaseSha256 },
      workFolder: join(dataDir, workFolder(row)),
    }),
    policyOf: (row) => ({
      share: shareOf(deps.config.routes, row.releaseName),
      unattestedAllowed: allows(routesOf(deps.config.routes, row)),
    }),
    toStore: (row, inferred) => resultsToStore(row, inferred, deps.config.routes),
    onDiscarded: (row) => void removeAttempts(dataDir, row, log),
    async onPoison(row, device) {
      await setPoisonAside(row, device, { dataDir, jobs, now });
      log.event('job-poison', { job: row.jobId, device });
    },
    onEnded(row, to) {
      deps.onEnded(row, to);
      void removeOtherAttempts(dataDir, row, log);
    },
    onReleased: (row) => void removeWork(row),
  });
  const requests = createRequestEngine({ engine, now, requestsMax });

  return {
    loop: {
      ...dispatcher,
      async stop() {
        requests.stop();
        await dispatcher.stop();
        await keeper.stop();
      },
    },
    tensors: requests,
    sweep: () => rm(join(dataDir, 'work'), { recursive: true, force: true }),
    want(releases) {
      engine.want(releases);
      dispatcher.wake();
    },
    devices: () => devices.map((device) => deviceStatus(device, engine, tally)),
  };
}

/** The weight of a release: the highest that one of its routes gives it. */
const shareOf = (routes: readonly Route[], releaseName: string): number =>
  Math.max(...routes.filter(({ release }) => release === releaseName).map(({ share }) => share), 0) || 1;

/** A model that could not be attested computes only what every route of a job allows it to. */
const allows = (routes: readonly Route[]): boolean =>
  routes.length > 0 && routes.every(({ unattested }) => unattested === 'allow');
