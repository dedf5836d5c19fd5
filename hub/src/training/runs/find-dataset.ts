import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '@collimator/shared/errors/coded-error';

/** Folders looked at below one configured folder. */
const foldersMax = 1_000;

/**
 * The folder of `name@version`, by what the dataset.json in it says: among the configured folders and those directly
 * below them. Throws `dataset-unknown`, telling which datasets there are.
 */
export async function findDataset(folders: readonly string[], wanted: string): Promise<string> {
  const found: string[] = [];
  for (const folder of folders) {
    for (const candidate of [folder, ...(await below(folder))]) {
      const name = await nameOf(candidate);
      if (name === wanted) return candidate;
      if (name !== undefined) found.push(name);
    }
  }
  throw new CodedError('dataset-unknown', `${wanted}; there is ${found.join(', ') || 'none'}`);
}

async function below(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .slice(0, foldersMax)
    .map((entry) => join(folder, entry.name));
}

async function nameOf(folder: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, 'dataset.json'), 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  try {
    const { name, version } = JSON.parse(text) as { name?: unknown; version?: unknown };
    return `${String(name)}@${String(version)}`;
  } catch {
    // A folder whose description is broken is nobody's dataset; the trainer tells why when it is asked for by path.
    return undefined;
  }
}
