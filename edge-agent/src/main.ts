import { randomBytes } from 'node:crypto';
import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import { type RunningAgent, startAgent } from './agent.ts';
import { layDownTrustedRoot } from './link/trusted-root.ts';
import { createModelWay } from './model/model-way.ts';
import { findDevices } from './study/infer/devices.ts';
import { selfTestOn } from './study/infer/self-test.ts';
import { createStudyWay } from './study/study-way.ts';
import type { Ways, WaysDeps } from './ways.ts';

export type AgentSetup = { readonly config: AgentConfig; readonly log: Log; readonly checkpoint: Checkpoint };

/** The appliance with its real parts: a model's way, and a study's way that runs what the first one has made active. */
export const startThisAgent = (setup: AgentSetup): Promise<RunningAgent> =>
  startAgent({ ...setup, now: () => new Date(), buildWays });

export async function buildWays(deps: WaysDeps): Promise<Ways> {
  const { config, dataDir, store, mqtt, deviceId, agentVersion, report, onEngineEvent, now, log, checkpoint } = deps;
  layDownTrustedRoot(dataDir);
  const model = await createModelWay({
    ...{ mqtt, store, dataDir, deviceId, report, now, log, checkpoint },
    selfTest: async (folder, release) => selfTestOn(await findDevices(config.devices), folder, release, log),
  });
  model.onChange(deps.releasesChanged);
  const study = await createStudyWay({
    ...{ store, config, dataDir, agentVersion, onEngineEvent, log, checkpoint },
    releases: model.releases,
    now: () => now().getTime(),
    random: (bytes) => randomBytes(bytes),
  });
  return { study, model: { start: () => model.start(), stop: () => model.stop(), releases: () => model.status() } };
}
