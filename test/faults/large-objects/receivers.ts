import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { send as sendLoad } from '../../bench/dicom/measure.ts';
import { startServer } from '../../bench/dicom/servers.ts';
import { BOUNDARY, MULTIPART } from '../../conformance/stow/posting.ts';
import { bearer } from '../../conformance/stow/stow-node.ts';
import { until } from '../../integration/agent/until.ts';

/** One way into the appliance, as a process of its own. */
export type Receiver = {
  readonly pid: number;
  /** Sends a Part 10 file; rejects when it is not acknowledged with success. */
  send(file: string): Promise<void>;
  stop(): Promise<void>;
};

/** The DICOM node; dcmtk's storescu sends. */
export async function startStorageNode(dataDir: string): Promise<Receiver> {
  const server = await startServer('collimator', dataDir);
  return {
    pid: server.pid,
    send: (file) => sendLoad(server, { name: 'large', files: [file], bytes: 0 }, 1),
    stop: () => server.stop(),
  };
}

const stowProgram = fileURLToPath(new URL('../../dist/conformance/stow/stow-program.js', import.meta.url));

/** The STOW-RS server, under the heap settings of the appliance's service. */
export async function startStowServer(dataDir: string): Promise<Receiver> {
  const child = spawn(process.execPath, ['--max-semi-space-size=1', stowProgram, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until('the STOW-RS server listens', () => /listening \S+\n/.test(output));
  const url = /listening (\S+)/.exec(output)?.[1] ?? '';
  return {
    pid: child.pid ?? 0,
    send: (file) => postFile(url, file),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}

/** One part, as fast as the server takes it. */
async function postFile(url: string, file: string): Promise<void> {
  const sent = request(url, { method: 'POST', headers: { 'content-type': MULTIPART, ...bearer } });
  const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
  const [[response]] = await Promise.all([answered, pipeline(() => bodyOf(file), sent)]);
  response.resume();
  await once(response, 'end');
  if (response.statusCode !== 200) throw new Error(`the STOW-RS server answered ${response.statusCode}`);
}

async function* bodyOf(file: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`--${BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n`);
  yield* createReadStream(file) as AsyncIterable<Buffer>;
  yield Buffer.from(`\r\n--${BOUNDARY}--\r\n`);
}
