import { join } from 'node:path';
import { checkoutRoot, pythonEnvironment } from '../../peers/python-environment.ts';
import { runTool } from './tools.ts';

const programs = join(checkoutRoot, 'test/conformance/results/python');

/** What highdicom and pydicom read in the results of a folder; see python/read-back.py. */
export async function readBack(folder: string, sources: readonly string[]): Promise<ReadBack> {
  const python = await pythonEnvironment('highdicom', join(programs, 'requirements.txt'));
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
