import { loadHubConfig } from '@collimator/hub/config/load-hub-config';
import { type Hub, type HubDeps, startHub } from '@collimator/hub/main';
import { createHubClient, type HubClient } from '@collimator/provisioning/operator/hub-client';
import { createLogger } from '@collimator/shared/observe/logger';
import type { HubFolder } from './hub-folder.ts';

export type RunningHub = {
  readonly url: string;
  readonly hub: Hub;
  readonly operator: HubClient;
  /** Every line it logged. */
  readonly log: readonly string[];
  readonly stop: () => Promise<void>;
};

/** A whole hub in this process, with its real broker, store and TLS; ports are the system's choice. */
export async function runHub(folder: HubFolder, deps: Partial<HubDeps> = {}): Promise<RunningHub> {
  const log: string[] = [];
  const hub = await startHub(loadHubConfig(folder.configFile, {}), {
    log: createLogger({ program: 'hub', level: 'debug', destination: { write: (line) => void log.push(line) } }),
    version: '0.0.0-test',
    checkpoint: () => undefined,
    ...deps,
  });
  const url = `https://127.0.0.1:${hub.httpPort}`;
  const operator = createHubClient({ url, ca: folder.rootCa, token: folder.operatorToken });
  const stop = async () => {
    await operator.close();
    await hub.stop();
  };
  return { url, hub, operator, log, stop };
}
