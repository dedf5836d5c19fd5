/** Real DICOM programs as peers, and the files they exchange. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

export type Finished = { readonly code: number; readonly output: string };

/** Runs a program to its end; stdout and stderr in one text. A program that is not there rejects. */
export async function run(command: string, args: readonly string[], timeout_ms = 60_000): Promise<Finished> {
  try {
    const { stdout, stderr } = await exec(command, [...args], { timeout: timeout_ms, maxBuffer: 64 * 1024 * 1024 });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const failed = error as { code?: number | string; stdout?: string; stderr?: string };
    if (typeof failed.code !== 'number') throw error;
    return { code: failed.code, output: `${failed.stdout ?? ''}${failed.stderr ?? ''}` };
  }
}

/** Polls until the condition holds. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  within_ms = 20_000,
): Promise<void> {
  const end = performance.now() + within_ms;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${within_ms} ms: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export async function temporaryFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'collimator-dimse-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (yes: boolean): void => {
      socket.destroy();
      resolve(yes);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });

export type Peer = { readonly port: number; stop(): Promise<void> };

/** Starts a program that listens on a port, and waits until it does. */
export async function startListener(command: string, args: readonly string[], port: number): Promise<Peer> {
  const child = spawn(command, [...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  let failed: Error | undefined;
  child.once('error', (error) => (failed = error));
  await until(`${command} listens on ${port}`, () => {
    if (failed !== undefined || child.exitCode !== null)
      throw new Error(`${command} ended: ${failed?.message ?? output}`);
    return listens(port);
  });
  return { port, stop: () => kill(child, 'SIGKILL') };
}

export async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  await gone;
}

/** A test file of Debian's python3-pydicom by name. */
export async function pydicomFile(name: string): Promise<string> {
  const script = `from pydicom.data import get_testdata_file as f; print(f(${JSON.stringify(name)}, download=False) or '')`;
  const { code, output } = await run('/usr/bin/python3', ['-c', script]);
  const path = output.trim().split('\n').at(-1) ?? '';
  if (code !== 0 || path === '') throw new Error(`python3-pydicom has no test file ${name}: ${output}`);
  return path;
}

export type Part10 = {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly dataSet: Buffer;
};

/** File meta and the data set's bytes, with no library of ours in between. */
export async function readPart10(path: string): Promise<Part10> {
  const bytes = await readFile(path);
  if (bytes.toString('latin1', 128, 132) !== 'DICM' || bytes.readUInt32LE(132) !== 2)
    throw new Error(`${path}: no meta`);
  const end = 144 + bytes.readUInt32LE(140);
  const meta: Record<number, string> = {};
  for (let at = 144; at < end; ) {
    const long = ['OB', 'UN'].includes(bytes.toString('latin1', at + 4, at + 6));
    const start = at + (long ? 12 : 8);
    const length = long ? bytes.readUInt32LE(at + 8) : bytes.readUInt16LE(at + 6);
    meta[bytes.readUInt16LE(at + 2)] = bytes.toString('latin1', start, start + length).replace(/[\0 ]+$/, '');
    at = start + length;
  }
  const of = (element: number): string => meta[element] ?? '';
  return { sopClassUid: of(2), sopInstanceUid: of(3), transferSyntaxUid: of(0x10), dataSet: bytes.subarray(end) };
}

/** All files below a folder. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
