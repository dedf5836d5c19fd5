import { randomBytes } from 'node:crypto';
import { agentConfig } from '@collimator/shared/contracts/agent-config';
import { createCheckpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import { openStore } from '@collimator/shared/sqlite/open-store';
import { createStoreScp } from '@collimator/edge-agent/dimse/index';
import type { ActiveRelease } from '@collimator/edge-agent/study/assemble/route/active-releases';
import { createStudyWay, type StudyWay } from '@collimator/edge-agent/study/study-way';

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
  readonly conflicts?: 'quarantine' | 'replace' | 'keep-first';
  readonly log?: Log;
};

export type Agent = {
  readonly port: number;
  readonly way: StudyWay;
  use(releases: readonly ActiveRelease[]): void;
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
        ...(options.cleanEvery_s !== undefined && { retention: { interval_s: options.cleanEvery_s } }),
      },
      assembly: {
        rules: options.rules ?? [],
        complete_after_quiet_s: options.quiet_s ?? 1,
        late_images: options.lateImages ?? 'supersede',
      },
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
      devices: [{ cpu: { threads: 1 } }],
    },
    'test configuration',
  );
  const store = await openStore({
    file: `${options.dataDir}/agent.sqlite`,
    migrations: new URL('edge-agent/src/store/migrations/', root),
  });
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
    log: options.log ?? { event: () => undefined },
    checkpoint: createCheckpoint(process.env),
  });
  const scp = createStoreScp({
    listen: [{ host: '127.0.0.1', port: 0 }],
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
  await way.start();
  await scp.start();
  return {
    port: scp.addresses()[0]?.port ?? 0,
    way,
    use(releases) {
      active = releases;
      for (const listener of listeners) listener();
    },
    async close() {
      await scp.close();
      await way.stop();
      await store.close();
    },
  };
}
