import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { TestAuthority } from './certificates.ts';
import { freePort } from '../../free-ports.ts';
import { until } from './until.ts';

/** A real Mosquitto with mutual TLS, that can be killed and started again on the same port. */
export interface Mosquitto {
  readonly url: string;
  start(): Promise<void>;
  kill(): Promise<void>;
}

export async function createMosquitto(folder: string, authority: TestAuthority): Promise<Mosquitto> {
  const port = await freePort();
  const config = join(folder, 'mosquitto.conf');
  writeFileSync(
    config,
    [
      `listener ${port} 127.0.0.1`,
      `cafile ${authority.ca}`,
      `certfile ${authority.server.certificate}`,
      `keyfile ${authority.server.key}`,
      'require_certificate true',
      'use_identity_as_username true',
      'set_tcp_nodelay true',
      'max_inflight_messages 0',
      'persistence false',
      ...(process.getuid?.() === 0 ? ['user root'] : []),
      '',
    ].join('\n'),
  );
  let child: ChildProcess | undefined;
  return {
    url: `mqtts://127.0.0.1:${port}`,
    async start() {
      const started = spawn('mosquitto', ['-c', config], {
        stdio: 'ignore',
        env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
      });
      child = started;
      await until('Mosquitto listens', () => {
        if (started.exitCode !== null) throw new Error(`Mosquitto ended with ${started.exitCode}`);
        return listens(port);
      });
    },
    async kill() {
      const running = child;
      child = undefined;
      if (running === undefined || running.exitCode !== null) return;
      const ended = new Promise((resolve) => running.once('exit', resolve));
      running.kill('SIGKILL');
      await ended;
    },
  };
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
