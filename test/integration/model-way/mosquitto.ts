import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { vi } from 'vitest';
import { freePort } from '../../free-ports.ts';

export type Mosquitto = { readonly url: string; stop(): Promise<void>; start(): Promise<void> };

/** A real broker on a free port of this machine, in plain TCP, with the settings that production uses. */
export async function startMosquitto(dir: string): Promise<Mosquitto> {
  const port = await freePort();
  const config = join(dir, 'mosquitto.conf');
  await writeFile(
    config,
    [
      `listener ${port} 127.0.0.1`,
      'allow_anonymous true',
      'set_tcp_nodelay true',
      'max_inflight_messages 0',
      'max_queued_messages 100000',
      'persistence false',
      'log_type error',
      '',
    ].join('\n'),
  );
  let broker: ChildProcess | undefined;
  const mosquitto: Mosquitto = {
    url: `mqtt://127.0.0.1:${port}`,
    async start() {
      broker = spawn('mosquitto', ['-c', config], { stdio: ['ignore', 'ignore', 'inherit'] });
      await vi.waitFor(() => reachable(port));
    },
    async stop() {
      if (broker === undefined || broker.exitCode !== null) return;
      const ended = once(broker, 'exit');
      broker.kill('SIGTERM');
      await ended;
    },
  };
  await mosquitto.start();
  return mosquitto;
}

async function reachable(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}
