import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createHubClient, type HubClient } from '@collimator/provisioning/operator/hub-client';
import type { HubFolder } from './hub-folder.ts';
import { until } from './until.ts';

const collimator = fileURLToPath(new URL('../../../collimator.mjs', import.meta.url));

export type HubProgram = {
  readonly url: string;
  readonly mqttPort: number;
  readonly operator: HubClient;
  readonly process: ChildProcess;
  readonly log: () => string;
  /** Resolves with the signal or exit code with which it ended. */
  readonly ended: Promise<string | number | null>;
  readonly end: (signal: 'SIGTERM' | 'SIGKILL') => Promise<string | number | null>;
};

/** `collimator hub start` as a user would start it. */
export async function startHubProgram(install: HubFolder, env: Record<string, string> = {}): Promise<HubProgram> {
  const child = spawn(process.execPath, [collimator, 'hub', 'start', '--config', install.configFile], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const ended = once(child, 'exit').then(([code, signal]) => (signal ?? code) as string | number | null);
  const ports = await until('the hub is ready', () => {
    if (child.exitCode !== null) throw new Error(`the hub ended with ${child.exitCode}: ${log}`);
    const line = log.split('\n').find((each) => each.includes('"program-started"'));
    return line === undefined ? undefined : (JSON.parse(line) as { http_port: number; mqtt_port: number });
  });
  const url = `https://127.0.0.1:${ports.http_port}`;
  const operator = createHubClient({ url, ca: install.rootCa, token: install.operatorToken });
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    await operator.close();
    child.kill(signal);
    return ended;
  };
  return { url, mqttPort: ports.mqtt_port, operator, process: child, log: () => log, ended, end };
}

/** A command of `collimator`, to its end. */
export async function collimatorCommand(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, [collimator, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}
