import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { makeFolder, writeDurably } from '@collimator/shared/files/durable-file';
import type { Parsed } from '@collimator/shared/release/metadata';
import type { Refusal } from '@collimator/shared/release/refusal';
import { signedBy, snapshotRef, targetsRef } from '@collimator/shared/release/trusted-metadata';
import { openRoot, type TrustedRoot, updateRoot } from '@collimator/shared/release/trusted-root';
import type { Result } from '@collimator/shared/result';

/** What the repository publishes now. Files of later versions that no timestamp names were never published. */
export type Published = {
  readonly timestamp: Parsed<'timestamp'>;
  readonly snapshot: Parsed<'snapshot'>;
  readonly targets: Parsed<'targets'>;
};

/** Every root from the first one kept to the last, each signed by its predecessor. */
export async function readRoots(dir: string): Promise<readonly TrustedRoot[]> {
  await makeFolder(dir);
  const versions = (await readdir(dir))
    .map((file) => /^(\d+)\.root\.json$/.exec(file)?.[1])
    .filter((version) => version !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
  const roots: TrustedRoot[] = [];
  for (const version of versions) {
    const bytes = await readFile(join(dir, `${version}.root.json`));
    const before = roots.at(-1);
    const root = sound(dir, before === undefined ? openRoot(bytes) : updateRoot(before, bytes));
    if (root.version !== version) throw broken(dir, `${version}.root.json is version ${root.version}`);
    roots.push(root);
  }
  if (roots.length === 0) throw broken(dir, 'there is no N.root.json');
  return roots;
}

/** What timestamp.json names, all of it, or undefined in a repository that has never published. */
export async function readPublished(dir: string, root: TrustedRoot): Promise<Published | undefined> {
  const bytes = await readIfThere(join(dir, 'timestamp.json'));
  if (bytes === undefined) return undefined;
  const timestamp = sound(dir, signedBy(root, 'timestamp', bytes));
  const snapshotBytes = await readFile(join(dir, `${snapshotRef(timestamp)?.version}.snapshot.json`));
  const snapshot = sound(dir, signedBy(root, 'snapshot', snapshotBytes));
  const targets = await readTargets(dir, root, targetsRef(snapshot)?.version ?? 0);
  return { timestamp, snapshot, targets };
}

export async function readTargets(dir: string, root: TrustedRoot, version: number): Promise<Parsed<'targets'>> {
  const bytes = await readIfThere(join(dir, `${version}.targets.json`));
  if (bytes === undefined) throw broken(dir, `${version}.targets.json is missing`);
  return sound(dir, signedBy(root, 'targets', bytes));
}

/** In the order in which a device reads it backwards: what is named is on the disk before what names it. */
export async function writePublished(dir: string, next: Published): Promise<void> {
  await writeDurably(join(dir, `${next.targets.signed.version}.targets.json`), next.targets.bytes);
  await writeDurably(join(dir, `${next.snapshot.signed.version}.snapshot.json`), next.snapshot.bytes);
  await writeDurably(join(dir, 'timestamp.json'), next.timestamp.bytes);
}

export async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export const broken = (dir: string, why: string): CodedError =>
  new CodedError('trust-repository-broken', `${dir}: ${why}`);

function sound<T>(dir: string, result: Result<T, Refusal>): T {
  if (result.ok) return result.value;
  throw broken(dir, `${result.error.code}: ${result.error.detail}`);
}
