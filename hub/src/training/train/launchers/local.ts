import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ReleaseDeclaration } from '@collimator/shared/contracts/release';
import type { RunSpec } from '@collimator/shared/contracts/run-spec';
import { entryFile } from '@collimator/shared/entry';
import { type ErrorCode, errorCatalogue } from '@collimator/shared/errors/catalogue';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { err, ok, type Result } from '@collimator/shared/result';
import { type TrainingEvent, trainingEvent } from '../events.ts';
import { makeLineSplitter } from './line-splitter.ts';

export type LaunchOptions = {
  readonly spec: RunSpec;
  /** The declared part of the release; without it, `spec.release` names its file, relative to the working directory. */
  readonly release?: ReleaseDeclaration;
  readonly datasetDir: string;
  /** The run's folder. What an earlier attempt left in it is removed. */
  readonly outDir: string;
  /** Run id and code version, for the release's provenance. */
  readonly run?: string;
  readonly code?: string;
  readonly onEvent?: (event: TrainingEvent) => void;
  /** Ends the run at once. */
  readonly signal?: AbortSignal;
  /** How much the training gives way to the hub, 0 (not) to 19; it never runs above it. */
  readonly niceness?: number;
};

export type Done = TrainingEvent & { readonly type: 'done' };

/** Bounds on what is kept of a child's output. */
export const lineCharactersMax = 65_536;
export const stderrLinesMax = 40;
export const nicenessDefault = 10;

/**
 * Runs a training in a child process on this machine and waits for it.
 * @returns the `done` event, or a CodedError: `training-aborted`, `training-child-failed` with the last lines it
 *   wrote, or the error that the child reported
 */
export async function launchLocal(options: LaunchOptions): Promise<Result<Done, CodedError>> {
  const { signal } = options;
  if (isAborted(signal)) return err(new CodedError('training-aborted', options.outDir));
  const specPath = writeInputs(options);
  const child = spawn(
    process.execPath,
    [
      fileURLToPath(entryFile(import.meta.url, '../run-child.js')),
      ...['--spec', specPath, '--dataset', resolve(options.datasetDir), '--out', resolve(options.outDir)],
      '--stdin-held',
      ...(options.run === undefined ? [] : ['--run', options.run]),
      ...(options.code === undefined ? [] : ['--code', options.code]),
    ],
    // Nothing is ever written to its stdin: it closes when this process ends, however it ends, and the child with it.
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  const last: { done?: Done; failed?: TrainingEvent & { type: 'failed' }; stray: string[] } = { stray: [] };
  const note = (line: string): void => {
    last.stray = [...last.stray, line].slice(-stderrLinesMax);
  };
  const take = (line: string): void => {
    const event = parseEvent(line);
    if (event === undefined) return note(line);
    if (event.type === 'done') last.done = event;
    if (event.type === 'failed') last.failed = event;
    options.onEvent?.(event);
  };
  const [out, errors] = [makeLineSplitter(lineCharactersMax), makeLineSplitter(lineCharactersMax)];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => out.push(chunk).forEach(take));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => errors.push(chunk).forEach(note));
  child.once('spawn', () => lowerPriority(child.pid, options.niceness ?? nicenessDefault, note));
  const kill = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', kill, { once: true });
  const end = await new Promise<string>((settle) => {
    child.once('error', (error) => settle(error.message));
    child.once('close', (code, killedBy) => settle(killedBy === null ? `exit code ${code}` : `ended by ${killedBy}`));
  });
  signal?.removeEventListener('abort', kill);
  if (errors.rest() !== '') note(errors.rest());

  if (last.done !== undefined) return ok(last.done);
  if (isAborted(signal)) return err(new CodedError('training-aborted', options.outDir));
  if (last.failed !== undefined) return err(reported(last.failed));
  return err(new CodedError('training-child-failed', [end, ...last.stray].join('; ')));
}

/** The child's error as it was there, so that its class still says whether trying again can help. */
function reported(failed: TrainingEvent & { readonly type: 'failed' }): CodedError {
  const known = Object.hasOwn(errorCatalogue, failed.code);
  return known
    ? new CodedError(failed.code as ErrorCode, failed.detail)
    : new CodedError('training-child-failed', failed.message);
}

/** Asked twice; a function, because it changes between the two. */
const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true;

/** The child reads what it needs from the run's folder, so a run can be understood, and repeated, from there. */
function writeInputs(options: LaunchOptions): string {
  mkdirSync(options.outDir, { recursive: true });
  const declared = resolve(options.outDir, 'release-declaration.json');
  if (options.release !== undefined) writeFileSync(declared, JSON.stringify(options.release, null, 2));
  const release = options.release === undefined ? resolve(options.spec.release) : declared;
  const specPath = join(resolve(options.outDir), 'spec.json');
  writeFileSync(specPath, JSON.stringify({ ...options.spec, release }, null, 2));
  return specPath;
}

function parseEvent(line: string): TrainingEvent | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    // Not an event: a library's banner. The caller keeps the line for the error message.
    return undefined;
  }
  const checked = trainingEvent.check(json);
  return checked.ok ? checked.value : undefined;
}

function lowerPriority(pid: number | undefined, niceness: number, note: (line: string) => void): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, niceness);
  } catch (error) {
    // The child may be gone already, or the system may forbid it; training at full priority is still right.
    note(`priority: ${error instanceof Error ? error.message : String(error)}`);
  }
}
