import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { TestAuthority } from './certificates.ts';
import { freePort } from '../../free-ports.ts';
import { installTestIdentity } from './identity.ts';
import { installTestRoot } from './trusted-root.ts';
import { until } from './until.ts';

const collimator = fileURLToPath(new URL('../../../collimator.mjs', import.meta.url));
export const applianceTitle = 'COLLIMATOR';
export const senderTitle = 'MODALITY';

export type LogLine = Readonly<Record<string, unknown>> & { readonly event: string };
export type CommandOutcome = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** One appliance as a user has it: a configuration file, a data folder, an identity, and the command line. */
export interface Appliance {
  readonly config: string;
  readonly dataDir: string;
  readonly dicomPort: number;
  readonly apiUrl: string;
  /** All that the agent wrote, of all its starts. */
  output(): string;
  events(): readonly LogLine[];
  /** Starts `collimator agent start` and waits until it says that it is ready. */
  start(): Promise<void>;
  /** Ends it; the exit code, or the signal's name. */
  stop(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<number | string>;
  command(...args: string[]): Promise<CommandOutcome>;
}

export type ApplianceOptions = {
  readonly folder: string;
  readonly authority: TestAuthority;
  readonly brokerUrl: string;
  readonly serial?: string;
  readonly destinations?: readonly object[];
  readonly certificateDays?: number;
  /** More of the `dicom` part of the configuration. */
  readonly dicom?: object;
  /** More of its `local_api` part. */
  readonly localApi?: { readonly tls?: object; readonly stow?: object };
  readonly telemetry?: object;
};

export async function createAppliance(options: ApplianceOptions): Promise<Appliance> {
  const { folder, authority, serial = 'RAD-0001' } = options;
  const dataDir = join(folder, serial);
  mkdirSync(dataDir);
  installTestIdentity(dataDir, authority, serial, options.brokerUrl, options.certificateDays);
  await installTestRoot(folder, dataDir);
  const [dicomPort, apiPort] = [await freePort(), await freePort()];
  const config = join(folder, `${serial}.json`);
  writeFileSync(
    config,
    JSON.stringify({
      device: { serial, labels: { site: 'test' } },
      data: dataDir,
      hub: { url: 'https://127.0.0.1:1' },
      dicom: {
        ae_title: applianceTitle,
        listen: [{ host: '127.0.0.1', port: dicomPort }],
        sources: [{ ae_title: senderTitle, address: '127.0.0.1', called: [applianceTitle] }],
        ...options.dicom,
      },
      assembly: { complete_after_quiet_s: 0.2 },
      destinations: options.destinations ?? [],
      routes: [],
      devices: [{ cpu: { threads: 1 } }],
      local_api: { port: apiPort, ...options.localApi },
      ...(options.telemetry !== undefined && { telemetry: options.telemetry }),
      log: { level: 'debug' },
    }),
  );
  let child: ChildProcess | undefined;
  const lines: string[] = [];
  const events = () => lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogLine);

  return {
    config,
    dataDir,
    dicomPort,
    apiUrl: `${options.localApi?.tls === undefined ? 'http' : 'https'}://127.0.0.1:${apiPort}`,
    output: () => lines.join('\n'),
    events,
    async start() {
      const readyBefore = events().filter((line) => line.event === 'program-started').length;
      const started = spawn(process.execPath, [collimator, 'agent', 'start', '--config', config], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child = started;
      for (const stream of [started.stdout, started.stderr]) {
        createInterface({ input: stream }).on('line', (line) => lines.push(line));
      }
      await until('the agent is ready', () => {
        if (started.exitCode !== null)
          throw new Error(`the agent ended with ${started.exitCode}:\n${lines.join('\n')}`);
        return events().filter((line) => line.event === 'program-started').length > readyBefore;
      });
    },
    async stop(signal) {
      const running = child;
      child = undefined;
      if (running === undefined) return 'not running';
      if (running.exitCode !== null) return running.exitCode;
      const ended = new Promise<number | string>((resolve) => {
        running.once('close', (code, by) => resolve(code ?? by ?? 'unknown'));
      });
      running.kill(signal);
      return await ended;
    },
    command: (...args) =>
      new Promise((resolve) => {
        const all = [collimator, 'agent', ...args, '--config', config];
        execFile(process.execPath, all, { timeout: 60_000 }, (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
        });
      }),
  };
}
