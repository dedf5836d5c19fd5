import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTool } from './tools.ts';

// Works from the sources and from dist alike.
const here = fileURLToPath(import.meta.url);
const root = here.slice(0, here.lastIndexOf('/test/'));
const programs = join(root, 'test/conformance/results/python');

/**
 * A Python with highdicom and the pydicom that it goes with, from PyPI, in a virtual environment of its own under
 * node_modules/.cache; made once for each list of versions.
 */
async function highdicomPython(): Promise<string> {
  const requirements = join(programs, 'requirements.txt');
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join(root, 'node_modules/.cache', `highdicom-${digest}`);
  const python = join(folder, 'bin/python');
  if (existsSync(join(folder, 'complete'))) return python;
  mkdirSync(join(root, 'node_modules/.cache'), { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  await must('/usr/bin/python3', ['-m', 'venv', folder], 'A virtual environment cannot be made; install python3-venv');
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements];
  await must(python, install, 'highdicom cannot be had from PyPI, so results cannot be read back with it');
  mkdirSync(join(folder, 'making'));
  renameSync(join(folder, 'making'), join(folder, 'complete'));
  return python;
}

async function must(program: string, args: readonly string[], otherwise: string): Promise<string> {
  const { exit, output } = await runTool(program, args);
  if (exit !== 0) throw new Error(`${otherwise}: ${output}`);
  return output;
}

/** What highdicom and pydicom read in the results of a folder; see python/read-back.py. */
export async function readBack(folder: string, sources: readonly string[]): Promise<ReadBack> {
  const python = await highdicomPython();
  const { exit, output } = await runTool(python, ['-W', 'ignore', join(programs, 'read-back.py'), folder, ...sources]);
  const line = output.split('\n').find((one) => one.startsWith('{'));
  if (exit !== 0 || line === undefined) throw new Error(output);
  return JSON.parse(line) as ReadBack;
}

type Group = {
  readonly tracking: readonly [identifier: string, uid: string];
  readonly finding: string;
  readonly sites: readonly string[];
  readonly measurements: readonly (readonly [name: string, derivation: string | null, value: number, unit: string])[];
};
type PlanarGroup = Group & {
  readonly graphic: string;
  readonly points: number;
  readonly first: readonly number[];
  readonly closed: boolean;
};
type Report = {
  readonly class: string;
  readonly volumetric: readonly Group[];
  readonly planar: readonly PlanarGroup[];
};
type Segmentation = { readonly sha256: readonly string[]; readonly tracking: readonly Group['tracking'][] };
export type ReadBack = {
  readonly seg: Segmentation;
  readonly probability: Segmentation;
  readonly occupancy: Segmentation;
  readonly sr: Report;
  readonly 'sr-3d': Report;
  readonly pm: { readonly shape: readonly number[]; readonly sha256: string };
  readonly sc: { readonly shape: readonly number[]; readonly source: number; readonly annotation: string };
  readonly gsps: { readonly areas: Readonly<Record<string, number>>; readonly closed: boolean };
  readonly subjects: Readonly<Record<string, readonly (string | null)[]>>;
  readonly subject: readonly (string | null)[];
};
