import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Release, release as releaseContract } from '@collimator/shared/contracts/release';
import { CodedError } from '@collimator/shared/errors/coded-error';

/**
 * The release of a folder. It was verified before it became active, and long ago: what is loaded now is what results
 * will name, so it is verified again as it is read.
 *
 * @param sha256 of release.json as it was signed; not given for a folder that was verified a moment ago
 * @throws CodedError `inference-release-altered`
 */
export async function readRelease(folder: string, sha256?: string): Promise<Release> {
  const bytes = await readFile(join(folder, 'release.json'));
  if (sha256 !== undefined) requireDigest(bytes, sha256, 'release.json');
  return releaseContract.parse(JSON.parse(bytes.toString('utf8')), 'release.json');
}

/**
 * A file of a release, with the digest that release.json gives. The runtime is handed these very bytes, so that
 * nothing can change between the check and the use.
 *
 * @throws CodedError `inference-release-altered`
 */
export async function readReleaseFile(folder: string, release: Release, path: string): Promise<Uint8Array> {
  const listed = release.files[path];
  if (listed === undefined) throw new CodedError('inference-release-altered', `${path} is not in its file list`);
  const bytes = await readFile(join(folder, path));
  requireDigest(bytes, listed.sha256, path);
  return bytes;
}

function requireDigest(bytes: Uint8Array, sha256: string, path: string): void {
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== sha256) throw new CodedError('inference-release-altered', `${path} has the digest ${found}`);
}
