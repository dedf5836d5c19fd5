import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTool } from '../conformance/results/tools.ts';

// Works from the sources and from dist alike.
const here = fileURLToPath(import.meta.url);
export const checkoutRoot = here.slice(0, here.lastIndexOf('/test/'));

/**
 * The Python of a virtual environment with packages from PyPI, under node_modules/.cache; made once for each list of
 * versions. Two tests may make it at the same time: the first that is done counts.
 *
 * @param requirements pip's list, with exact versions
 * @returns path of the environment's `python`. Throws, by the name, when it cannot be made
 */
export async function pythonEnvironment(name: string, requirements: string): Promise<string> {
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const cache = join(checkoutRoot, 'node_modules/.cache');
  const folder = join(cache, `${name}-${digest}`);
  const python = join(folder, 'bin/python');
  if (existsSync(folder)) return python;
  mkdirSync(cache, { recursive: true });
  // An environment finds itself by where its python is, so it can be moved.
  const making = mkdtempSync(join(cache, `making-${basename(folder)}-`));
  try {
    await must(
      '/usr/bin/python3',
      ['-m', 'venv', making],
      'A virtual environment cannot be made; install python3-venv',
    );
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements];
    await must(join(making, 'bin/python'), install, `${name} cannot be had from PyPI, so nothing is tried with it`);
    renameSync(making, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return python;
}

async function must(program: string, args: readonly string[], otherwise: string): Promise<void> {
  const { exit, output } = await runTool(program, args);
  if (exit !== 0) throw new Error(`${otherwise}: ${output}`);
}
