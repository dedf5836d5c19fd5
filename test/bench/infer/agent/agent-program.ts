/**
 * A study's way with a real DICOM node before it, as the appliance wires it, in a process of its own: DICOM node, queue,
 * engine, delivery. What it leaves out (hub link, local API) is no part of inference. Is told what to do by IPC.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createStoreScp } from '@collimator/edge-agent/dimse/index';
import type { ActiveRelease } from '@collimator/edge-agent/study/assemble/route/active-releases';
import { createStudyWay } from '@collimator/edge-agent/study/study-way';
import { agentConfig } from '@collimator/shared/contracts/agent-config';
import { release as releaseContract } from '@collimator/shared/contracts/release';
import { openStore } from '@collimator/shared/sqlite/open-store';
import { watchLoopDelay } from './loop-delay.ts';
import type { AgentSetup, FromAgent, InstalledRelease, ToAgent } from './protocol.ts';
import { runRequests } from './run-requests.ts';

const root = new URL('../../../../../', import.meta.url);
const tell = (message: FromAgent): void => void process.send?.(message);
const delay = watchLoopDelay();
let use: (releases: readonly InstalledRelease[]) => void = () => undefined;
let way: Awaited<ReturnType<typeof createStudyWay>> | undefined;

process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToAgent) => {
  switch (message.type) {
    case 'setup':
      return void start(message.setup);
    case 'use':
      return use(message.releases);
    case 'requests':
      if (way === undefined) throw new Error('requests before the setup');
      return void runRequests(way.tensors, message.load).then((figures) => tell({ type: 'requests', figures }));
    case 'reset-loop-delay':
      return delay.reset();
    case 'loop-delay':
      return tell({ type: 'loop-delay', p99_ms: delay.p99_ms() });
  }
});

async function start({ dataDir, pacsPort, releases, devices, quiet_s }: AgentSetup): Promise<void> {
  const config = agentConfig.parse(
    {
      device: { serial: 'BENCH-1' },
      data: dataDir,
      hub: { url: 'https://hub.invalid' },
      dicom: { ae_title: 'COLLIMATOR', listen: [{ port: 0 }], sources: [] },
      assembly: { complete_after_quiet_s: quiet_s },
      destinations: [{ name: 'pacs', kind: 'dimse', ae_title: 'PACS', host: '127.0.0.1', port: pacsPort }],
      routes: [...new Set(releases.map(({ ref }) => ref.name))].map((release) => ({
        ...{ release, destinations: ['pacs'], objects: ['SEG', 'SR'] },
      })),
      devices,
    },
    'configuration of the benchmark',
  );
  const store = await openStore({
    file: join(dataDir, 'agent.sqlite'),
    migrations: new URL('edge-agent/src/store/migrations/', root),
  });
  let active = releases.map(installed);
  const listeners = new Set<() => void>();
  use = (next) => {
    active = next.map(installed);
    for (const listener of listeners) listener();
  };
  way = await createStudyWay({
    ...{ store, config, dataDir, agentVersion: '0.0.0', now: Date.now, random: randomBytes },
    diskUsed: () => 0,
    releases: {
      active: (name) => active.find(({ ref }) => ref.name === name),
      list: () => active,
      onSwap(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    log: {
      event: (name, fields) =>
        tell({ type: 'event', name, at_ms: Date.now(), ...(fields !== undefined && { fields }) }),
    },
    checkpoint: () => undefined,
  });
  const study = way;
  const scp = createStoreScp({
    listen: [{ host: '127.0.0.1', port: 0 }],
    policy: {
      sources: [{ aeTitle: '*', addresses: ['127.0.0.1/32'], calledAeTitles: ['COLLIMATOR'], associationsMax: 16 }],
      associationsMax: 16,
    },
    sink: study.sink,
    onEvent(event) {
      if (event.type === 'association-released' || event.type === 'association-aborted')
        study.onAssociationEnded({ ...event, released: event.type === 'association-released' });
      if (event.type === 'fault') throw event.error;
    },
  });
  await way.start();
  await scp.start();
  tell({ type: 'listening', port: scp.addresses()[0]?.port ?? 0 });
}

function installed({ ref, folder }: InstalledRelease): ActiveRelease {
  const bytes = readFileSync(join(folder, 'release.json'), 'utf8');
  return { ref, folder, release: releaseContract.parse(JSON.parse(bytes), 'release.json') };
}
