import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { agentConfig } from '@collimator/shared/contracts/agent-config';
import { createCheckpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import { openStore } from '@collimator/shared/sqlite/open-store';
import { createStoreScp, type Listen } from '@collimator/edge-agent/dimse/index';
import type { ActiveRelease } from '@collimator/edge-agent/study/assemble/route/active-releases';
import { startTraces } from '@collimator/edge-agent/observe/traces/traces';
import type { OnEngineEvent } from '@collimator/edge-agent/study/infer/engine-events';
import { createStudyWay, type StudyWay } from '@collimator/edge-agent/study/study-way';
import { everySystem } from '@collimator/edge-agent/timers';

export type AgentOptions = {
  readonly dataDir: string;
  readonly destinations: readonly { readonly name: string; readonly port: number }[];
  readonly releases: readonly ActiveRelease[];
  readonly lateImages?: 'supersede' | 'ignore';
  readonly objects?: readonly string[];
  readonly unmatched?: 'report' | 'ignore';
  /** Instead of the one route to all destinations. */
  readonly routes?: readonly object[];
  readonly quiet_s?: number;
  /** Completion rules. */
  readonly rules?: readonly object[];
  /** Fill of the disk, 0 to 1; studies of any age may be removed then. */
  readonly diskUsed?: number;
  readonly cleanEvery_s?: number;
  /** How long after its removal what was sent of a study can be taken back. */
  readonly withdrawable_days?: number;
  readonly conflicts?: 'quarantine' | 'replace' | 'keep-first';
  /** Where priors are fetched from. */
  readonly priors?: object;
  /** A free one when absent: whom a PACS must know needs one that stays. */
  readonly port?: number;
  /** A second listener, with TLS and certificates on both sides; files. */
  readonly tls?: { readonly port: number; readonly certificate: string; readonly key: string; readonly ca: string };
  /** Instead of one CPU device with one thread. */
  readonly devices?: readonly object[];
  readonly inference?: object;
  readonly onEngineEvent?: OnEngineEvent;
  readonly log?: Log;
  /** Where traces go, as `telemetry.traces` of the configuration. */
  readonly traces?: object;
  /** Is handed what the engine would tell its work to. */
  readonly observeEngine?: (observe: OnEngineEvent) => void;
};

export type Agent = {
  readonly port: number;
  readonly way: StudyWay;
  use(releases: readonly ActiveRelease[]): void;
  /** Whatever is on the disk by now has been taken note of as well. */
  noted(): Promise<void>;
  close(): Promise<void>;
};

/** Root of the repository, from the source of this file and from its compiled form. */
const root = new URL(import.meta.url.includes('/dist/') ? '../../../../' : '../../../', import.meta.url);

/** The way of a study with a real Store SCP before it and a real database, and nothing else of an appliance. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const config = agentConfig.parse(
    {
      device: { serial: 'TEST-1' },
      data: options.dataDir,
      hub: { url: 'https://hub.invalid' },
      dicom: {
        ae_title: 'COLLIMATOR',
        listen: [{ port: 0 }],
        sources: [],
        conflicts: options.conflicts ?? 'quarantine',
        ...(options.diskUsed !== undefined && { disk: { keep_hours_min: 0 } }),
        retention: {
          ...(options.cleanEvery_s !== undefined && { interval_s: options.cleanEvery_s }),
          ...(options.withdrawable_days !== undefined && { withdrawable_days: options.withdrawable_days }),
        },
      },
      assembly: {
        rules: options.rules ?? [],
        complete_after_quiet_s: options.quiet_s ?? 1,
        late_images: options.lateImages ?? 'supersede',
      },
      ...(options.priors !== undefined && { priors: options.priors }),
      destinations: options.destinations.map(({ name, port }) => ({
        name,
        kind: 'dimse',
        ae_title: 'PACS',
        host: '127.0.0.1',
        port,
        retry: { first_s: 0.1, most_s: 0.5 },
      })),
      routes: options.routes ?? [
        {
          release: 'bright-region',
          destinations: options.destinations.map(({ name }) => name),
          objects: options.objects ?? ['SEG', 'SR'],
          ...(options.unmatched !== undefined && { unmatched: options.unmatched }),
        },
      ],
      devices: options.devices ?? [{ cpu: { threads: 1 } }],
      ...(options.inference !== undefined && { inference: options.inference }),
      telemetry: { ...(options.traces !== undefined && { traces: options.traces }) },
    },
    'test configuration',
  );
  const store = await openStore({
    file: `${options.dataDir}/agent.sqlite`,
    migrations: new URL('edge-agent/src/store/migrations/', root),
  });
  const traces = await startTraces(config.telemetry.traces, {
    ...{ serial: config.device.serial, agentVersion: '0.0.0', store, now: Date.now, every: everySystem },
    log: options.log ?? { event: () => undefined },
  });
  options.observeEngine?.(traces.observe);
  let active = options.releases;
  const listeners = new Set<() => void>();
  const way = await createStudyWay({
    store,
    config,
    dataDir: options.dataDir,
    agentVersion: '0.0.0',
    releases: {
      active: (name) => active.find((one) => one.ref.name === name),
      list: () => active,
      onSwap(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    now: Date.now,
    diskUsed: () => options.diskUsed ?? 0,
    random: randomBytes,
    log: traces.watch(options.log ?? { event: () => undefined }),
    onEngineEvent(event) {
      traces.observe(event);
      options.onEngineEvent?.(event);
    },
    checkpoint: createCheckpoint(process.env),
  });
  const scp = createStoreScp({
    listen: [{ host: '127.0.0.1', port: options.port ?? 0 }, ...tlsListener(options)],
    policy: {
      sources: [{ aeTitle: '*', addresses: ['127.0.0.1/32'], calledAeTitles: ['COLLIMATOR'], associationsMax: 8 }],
      associationsMax: 8,
    },
    sink: way.sink,
    onEvent: (event) => {
      if (event.type === 'association-released' || event.type === 'association-aborted')
        way.onAssociationEnded({ ...event, released: event.type === 'association-released' });
      if (event.type === 'fault') throw event.error;
    },
  });
  let closed: Promise<void> | undefined;
  async function closeAll(): Promise<void> {
    await scp.close();
    await way.stop();
    await traces.stop();
    await store.close();
  }

  await way.start();
  await scp.start();
  return {
    port: scp.addresses()[0]?.port ?? 0,
    way,
    use(releases) {
      active = releases;
      for (const listener of listeners) listener();
    },
    async noted() {
      // Writes are answered in their order.
      await store.write([]);
      await setImmediate();
    },
    close() {
      closed ??= closeAll();
      return closed;
    },
  };
}

const tlsListener = ({ tls }: AgentOptions): Listen[] =>
  tls === undefined
    ? []
    : [
        {
          ...{ host: '127.0.0.1', port: tls.port },
          tls: {
            ...{ cert: readFileSync(tls.certificate), key: readFileSync(tls.key), ca: readFileSync(tls.ca) },
            ...{ requestCert: true, rejectUnauthorized: true },
          },
        },
      ];
