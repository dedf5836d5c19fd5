import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lockDataDir } from '@collimator/shared/sqlite/data-dir-lock';
import { runTool } from '../conformance/results/tools.ts';
import { waitFor } from '../demo/wait.ts';

// Works from the sources and from dist alike.
const here = fileURLToPath(import.meta.url);
export const checkoutRoot = here.slice(0, here.lastIndexOf('/test/'));

/** Longer than it takes to make one where everything has to be fetched. */
const MAKING_MS_MAX = 600_000;

/**
 * The Python of a virtual environment with packages from PyPI, under node_modules/.cache; made once for each list of
 * versions. Of two tests that want it at the same time one makes it and the other waits.
 *
 * @param requirements pip's list, with exact versions
 * @returns path of the environment's `python`. Throws, by the name, when it cannot be made
 */
export async function pythonEnvironment(name: string, requirements: string): Promise<string> {
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join(checkoutRoot, 'node_modules/.cache', `${name}-${digest}`);
  if (!existsSync(folder)) {
    const lock = await waitFor(() => lockDataDir(`${folder}.lock`), {
      what: `another test makes ${name}`,
      timeoutMs: MAKING_MS_MAX,
    });
    try {
      if (!existsSync(folder)) await make(folder, name, requirements);
    } finally {
      lock.release();
    }
  }
  return join(folder, 'bin/python');
}

/** Made beside its place, whole or not at all; it finds itself by where its python is, so it can be moved. */
async function make(folder: string, name: string, requirements: string): Promise<void> {
  const making = `${folder}.making`;
  rmSync(making, { recursive: true, force: true });
  await must('/usr/bin/python3', ['-m', 'venv', making], 'A virtual environment cannot be made; install python3-venv');
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements];
  await must(join(making, 'bin/python'), install, `${name} cannot be had from PyPI, so nothing is tried with it`);
  renameSync(making, folder);
}

async function must(program: string, args: readonly string[], otherwise: string): Promise<void> {
  const { exit, output } = await runTool(program, args);
  if (exit !== 0) throw new Error(`${otherwise}: ${output}`);
}
