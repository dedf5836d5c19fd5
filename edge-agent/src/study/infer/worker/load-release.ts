import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Release, release as releaseContract } from '@collimator/shared/contracts/release';

/** The release of a folder. It was verified before it became active; here its shape is checked once more as it is read. */
export const readRelease = async (folder: string): Promise<Release> =>
  releaseContract.parse(JSON.parse(await readFile(join(folder, 'release.json'), 'utf8')), 'release.json');
