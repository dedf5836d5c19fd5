import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitFor } from '../../../demo/wait.ts';
import { startPacs } from '../../../integration/study-way/programs.ts';
import { sendWithStorescu } from '../../../peers/storescu.ts';
import type { AgentSetup, FromAgent, InstalledRelease, RequestFigures, RequestLoad, ToAgent } from './protocol.ts';

export type AgentEvent = FromAgent & { readonly type: 'event' };

/** The appliance that is measured, with a PACS behind it that is not. */
export type BenchAgent = {
  readonly pid: number;
  readonly events: readonly AgentEvent[];
  send(files: readonly string[], associations: number): Promise<void>;
  use(releases: readonly InstalledRelease[]): void;
  requests(load: RequestLoad): Promise<RequestFigures>;
  resetLoopDelay(): void;
  loopDelayP99_ms(): Promise<number>;
  /** Waits until an event was logged so often. */
  counted(name: string, count: number, timeout_ms?: number): Promise<readonly AgentEvent[]>;
  stop(): Promise<void>;
};

/** Always from the compiled form, also when the caller is a test. */
const compiled = (name: string): string =>
  fileURLToPath(
    new URL(
      import.meta.url.includes('/dist/') ? `./${name}` : `../../../dist/bench/infer/agent/${name}`,
      import.meta.url,
    ),
  );

const WAIT_MS = 600_000;
const POLL_MS = 2;

export const startChild = (name: string): ChildProcess =>
  fork(compiled(name), {
    serialization: 'advanced',
    execArgv: ['--max-semi-space-size=1'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });

/** Starts the appliance on a folder of its own; it takes studies, and its devices are ready, when this resolves. */
export async function startBenchAgent(
  folder: string,
  setup: Omit<AgentSetup, 'dataDir' | 'pacsPort'>,
): Promise<BenchAgent> {
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir, { recursive: true });
  const pacs = await startPacs(join(folder, 'pacs'));
  const child = startChild('agent-program.js');
  const events: AgentEvent[] = [];
  const answers: FromAgent[] = [];
  child.on('message', (message: FromAgent) => {
    if (message.type === 'event') events.push(message);
    else answers.push(message);
  });
  const alive = (): void => {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the appliance ended: ${child.exitCode}`);
  };
  const tell = (message: ToAgent): void => void child.send(message);
  const answer = <T extends FromAgent['type']>(type: T): Promise<FromAgent & { type: T }> =>
    waitFor(
      () => {
        const at = answers.findIndex((one) => one.type === type);
        return at < 0 ? undefined : (answers.splice(at, 1)[0] as FromAgent & { type: T });
      },
      { what: `${type} of the appliance`, timeoutMs: WAIT_MS, intervalMs: POLL_MS, check: alive },
    );
  const counted: BenchAgent['counted'] = (name, count, timeout_ms = WAIT_MS) =>
    waitFor(
      () => {
        const found = events.filter((event) => event.name === name);
        return found.length >= count ? found : undefined;
      },
      { what: `${count} × ${name}`, timeoutMs: timeout_ms, intervalMs: POLL_MS, check: alive },
    );

  tell({ type: 'setup', setup: { ...setup, dataDir, pacsPort: pacs.port } });
  const { port } = await answer('listening');
  await counted('device-ready', setup.devices.length);
  return {
    pid: child.pid ?? 0,
    events,
    send: (files, associations) =>
      sendWithStorescu({ port, aeTitle: 'COLLIMATOR', callingAeTitle: 'BENCH' }, files, associations),
    use: (releases) => tell({ type: 'use', releases }),
    async requests(load) {
      tell({ type: 'requests', load });
      return (await answer('requests')).figures;
    },
    resetLoopDelay: () => tell({ type: 'reset-loop-delay' }),
    async loopDelayP99_ms() {
      tell({ type: 'loop-delay' });
      return (await answer('loop-delay')).p99_ms;
    },
    counted,
    async stop() {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
      await pacs.stop();
    },
  };
}
