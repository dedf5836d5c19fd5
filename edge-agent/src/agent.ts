import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import { lockDataDir } from '@collimator/shared/sqlite/data-dir-lock';
import { Registry } from 'prom-client';
import { openStore } from '@collimator/shared/sqlite/open-store';
import type { Store } from '@collimator/shared/sqlite/store';
import { congestionWatermark, limitsOf, listenersOf, policyOf } from './config/dicom-settings.ts';
import { kserveSettingsOf, localApiTlsOf, stowSettingsOf } from './config/local-api-settings.ts';
import { reloadLocalApiTls, reloadTls } from './config/tls-reload.ts';
import { createStoreScp, type StoreScp } from './dimse/index.ts';
import { createHubLink } from './link/hub-link.ts';
import { type Identity, readIdentity } from './link/identity.ts';
import { readinessOf } from './local-api/readiness.ts';
import { startLocalApi } from './local-api/server.ts';
import { statusOf } from './local-api/status.ts';
import { studySummary } from './local-api/study-details.ts';
import { studyRouting } from './local-api/study-routing.ts';
import { readAgentVersion } from './observe/agent-version.ts';
import { congestionOf } from './observe/congestion.ts';
import { watchDicom } from './observe/dicom-events.ts';
import { everySystem, systemAfter } from './timers.ts';
import { watchMachine } from './observe/machine-watch.ts';
import { createAssemblyTally } from './observe/assembly-metrics.ts';
import { addEngineMetrics } from './observe/engine/engine-metrics.ts';
import { createPriorTally } from './observe/prior-metrics.ts';
import { createMetrics } from './observe/metrics.ts';
import { startTraces } from './observe/traces/traces.ts';
import { queueDepth } from './store/sqlite-queue-depth.ts';
import { whileThereIsRoom } from './observe/room.ts';
import { watchKserve } from './observe/kserve-events.ts';
import { watchStow } from './observe/stow-events.ts';
import { createStopOrder, type StopOrder } from './observe/stop-order.ts';
import type { BuildWays, StudyWay } from './ways.ts';

export type AgentOptions = {
  readonly config: AgentConfig;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
  readonly buildWays: BuildWays;
  readonly now: () => Date;
  readonly reconnect_ms?: number;
  readonly telemetry_ms?: number;
};

export interface RunningAgent {
  readonly dicomPorts: readonly number[];
  readonly localApiPort: number;
  /** Stops in the opposite order of the start, within a bound. */
  stop(): Promise<void>;
}

const migrations = new URL('../src/store/migrations/', import.meta.url);

/** Longest time to stop all parts; what is not done then is taken up at the next start. */
const stopMsMax = 10_000;

/**
 * Starts the appliance. The order is the promise: first the lock and the disk, then what works on it, then the local
 * API, and last the DICOM node, so that nothing is acknowledged before it can be stored. The hub is nobody's condition.
 * Throws `data-dir-in-use`, `not-enrolled`, `identity-invalid`, `store-schema` and `listen-failed`.
 */
export async function startAgent(options: AgentOptions): Promise<RunningAgent> {
  const { config, log } = options;
  const stopOrder = createStopOrder(stopMsMax, log);
  try {
    const lock = lockDataDir(config.data);
    stopOrder.add('lock', () => lock.release());
    const identity = readIdentity(config.data, config.device.serial);
    const store = await openStore({ file: join(config.data, 'agent.sqlite'), migrations });
    stopOrder.add('store', () => store.close());
    return await startOnStore(options, identity, store, stopOrder);
  } catch (error) {
    await stopOrder.run();
    throw error;
  }
}

async function startOnStore(
  { config, log, checkpoint, buildWays, now, reconnect_ms, telemetry_ms }: AgentOptions,
  identity: Identity,
  store: Store,
  stopOrder: StopOrder,
): Promise<RunningAgent> {
  const every = everySystem;
  const facts = { deviceId: identity.deviceId, boot: randomUUID(), agentVersion: readAgentVersion() };
  const startedAt = now();
  const uptime_s = () => Math.max(0, (now().getTime() - startedAt.getTime()) / 1000);

  const hub = createHubLink({
    ...{ identity, facts, store, every, now, log },
    ...(reconnect_ms !== undefined && { reconnect_ms }),
    ...(telemetry_ms !== undefined && { telemetry_ms }),
  });
  stopOrder.add('hub link', () => hub.stop());
  const tally = createAssemblyTally();
  const priorTally = createPriorTally();
  const now_ms = () => now().getTime();
  const registry = new Registry();
  const engine = addEngineMetrics(registry);
  const { serial } = config.device;
  const traces = await startTraces(config.telemetry.traces, {
    ...{ serial, agentVersion: facts.agentVersion, store, now: now_ms, every, log },
  });
  stopOrder.add('traces', () => traces.stop());
  const ways = await buildWays({
    ...{ config, deviceId: facts.deviceId, agentVersion: facts.agentVersion, dataDir: resolve(config.data) },
    ...{ store, mqtt: hub.mqtt, now, log: traces.watch(priorTally.watch(tally.watch(log))), checkpoint },
    onEngineEvent(event) {
      engine.observe(event);
      traces.observe(event);
    },
    report: (entry) => hub.report(entry),
    releasesChanged: () => hub.releasesChanged(),
  });
  stopOrder.add('model way', () => ways.model.stop());
  await ways.model.start();
  stopOrder.add('study way', () => ways.study.stop());
  await ways.study.start();
  const sources = {
    releases: () => ways.model.releases(),
    counts: () => ways.study.counts(),
    latencies: () => ways.study.latencies(),
  };
  await hub.start({ ...sources, uptime_s });

  const machine = watchMachine(config.data, every, log);
  stopOrder.add('machine watch', () => machine.stop());
  const dicom = watchDicom(log);
  const posted = watchStow(log);
  const asked = watchKserve(log);
  let listen: ReturnType<StoreScp['addresses']> = [];
  let stopping = false;
  const readiness = () =>
    readinessOf({
      listening: listen.length > 0,
      stopping,
      disk: machine.disk(),
      stopWatermark: config.dicom.disk.stop_watermark,
    });
  const metrics = createMetrics(
    {
      ...sources,
      heldStudies: () => ways.study.heldStudies(),
      assembly: () => tally.counts(),
      policy: () => ways.study.policyFigures(),
      priors: () => ({ waiting: ways.study.awaitingPriors(), ...priorTally.counts() }),
      destinations: () => ways.study.destinations(),
      agentVersion: facts.agentVersion,
      link: () => hub.status(),
      outbox: () => ({ size: hub.status().eventsPending, refused: hub.status().eventsRefused }),
      associations: () => dicom.counts(),
      stow: () => posted.counts(),
      kserve: () => asked.counts(),
      disk: () => machine.disk(),
      host: () => machine.host(),
      gpus: () => machine.gpuFigures(),
      queueDepth: () => queueDepth(store),
      spans: () => traces.counts(),
      now: now_ms,
    },
    registry,
  );
  stopOrder.add('metrics', () => metrics.stop());
  const sink = whileThereIsRoom(ways.study.sink, () => machine.disk().used < config.dicom.disk.stop_watermark);
  let congestion: string | undefined;
  const congested = (): string | undefined => {
    const { used, bytes_free: bytesFree } = machine.disk();
    const { congestion_jobs: lengthMax, congestion_free_bytes: bytesFreeMin } = config.dicom.limits;
    const queues = [{ name: 'jobs', length: ways.study.counts().jobs.queued, lengthMax }];
    const policy = { watermark: congestionWatermark(config.dicom), bytesFreeMin };
    congestion = congestionOf({ used, bytesFree, queues }, policy, congestion);
    return congestion;
  };
  const stow = stowSettingsOf(config);
  const kserve = kserveOf(config, ways.study);
  const api = await startLocalApi(
    {
      agentVersion: facts.agentVersion,
      readiness,
      status: () =>
        statusOf({
          ...{ config, identity, facts, startedAt, ways, machine, listen },
          uptime_s: uptime_s(),
          readiness: readiness(),
          hub: hub.status(),
          associations: dicom.counts().open,
        }),
      studies: (limit) => ways.study.studies(limit).map((line) => studySummary(store, line)),
      study: (key) => {
        const line = ways.study.study(key);
        return line === undefined ? undefined : studySummary(store, line);
      },
      quarantine: ways.study.quarantine,
      routing: (key) => studyRouting(store, key),
      retry: (key) => ways.study.retry(key),
      prioritize: (key, priority) => ways.study.prioritize(key, priority),
      releases: () => ways.model.releases(),
      metrics,
    },
    {
      ...{ host: config.local_api.host, port: config.local_api.port, connections: config.local_api.connections, log },
      ...(config.local_api.tls !== undefined && { tls: localApiTlsOf(config.local_api.tls) }),
      ...(stow !== undefined && {
        stow: {
          ...{ ...stow, sink, congested, every },
          now_ms: () => performance.now(),
          onEvent(event) {
            posted.observe(event);
            if (event.type !== 'finished' && event.type !== 'cut-off') return;
            const { associationId, calling: callingAeTitle } = event;
            ways.study.onAssociationEnded({ associationId, callingAeTitle, released: event.type === 'finished' });
          },
        },
      }),
      ...(kserve !== undefined && {
        kserve: {
          ...{ ...kserve, every, after: systemAfter },
          now_ms: () => performance.now(),
          onEvent: (event) => asked.observe(event),
        },
      }),
    },
  );
  stopOrder.add('local API', () => api.close());
  const stopFollowing = reloadLocalApiTls({ localApi: config.local_api, setTls: (tls) => api.setTls(tls), every, log });
  stopOrder.add('TLS files of the local API', async () => stopFollowing());

  const scp = await listenDicom(config, { ...ways.study, sink }, dicom, congested);
  stopOrder.add('DICOM node', () => scp.close());
  const stopLooking = reloadTls({ listen: config.dicom.listen, scp, every, log });
  stopOrder.add('TLS files', async () => stopLooking());
  listen = scp.addresses();
  const dicomPorts = listen.map(({ port }) => port);
  log.event('program-started', {
    version: facts.agentVersion,
    http_port: api.port,
    dicom_ports: dicomPorts.join(','),
  });
  return {
    dicomPorts,
    localApiPort: api.port,
    async stop() {
      stopping = true;
      await stopOrder.run();
    },
  };
}

/** What programs may ask, and of whom; undefined where they may not. */
function kserveOf(config: AgentConfig, { tensors: engine }: StudyWay) {
  const settings = kserveSettingsOf(config);
  return settings === undefined ? undefined : { ...settings, engine };
}

async function listenDicom(
  { dicom: settings }: AgentConfig,
  study: StudyWay,
  watch: ReturnType<typeof watchDicom>,
  congested: () => string | undefined,
): Promise<StoreScp> {
  const scp = createStoreScp({
    listen: listenersOf(settings),
    policy: policyOf(settings),
    limits: limitsOf(settings),
    sink: study.sink,
    ...(study.commitment !== undefined && { services: { commitment: study.commitment } }),
    congested,
    onEvent(event) {
      watch.observe(event);
      if (event.type === 'association-released' || event.type === 'association-aborted') {
        const { associationId, callingAeTitle } = event;
        study.onAssociationEnded({ associationId, callingAeTitle, released: event.type === 'association-released' });
      }
    },
  });
  try {
    await scp.start();
  } catch (error) {
    const where = settings.listen.map(({ host, port }) => `${host}:${port}`).join(', ');
    const why = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new CodedError('listen-failed', `dicom.listen ${where} (${why})`, { cause: error });
  }
  return scp;
}
