import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { Log } from '@collimator/shared/observe/log';
import { makeFolder, writeDurably } from '@collimator/shared/files/durable-file';
import type { MetadataRole, Parsed } from '@collimator/shared/release/metadata';
import { signedBy, type Trust } from '@collimator/shared/release/trusted-metadata';
import { onlineKeysUnchanged, openRoot, type TrustedRoot } from '@collimator/shared/release/trusted-root';

/** What this device trusts, in memory and on the disk: older metadata is refused after a restart too. */
export interface TrustFiles {
  readonly trust: Trust;
  setRoot(root: TrustedRoot): Promise<void>;
  set(role: Exclude<MetadataRole, 'root'>, parsed: Parsed<Exclude<MetadataRole, 'root'>>): Promise<void>;
}

/**
 * Opens `<dir>/{root,timestamp,snapshot,targets}.json`. The root was laid down at enrolment.
 * @throws CodedError `trusted-root-unusable`
 */
export async function openTrustFiles(dir: string, log: Log): Promise<TrustFiles> {
  await makeFolder(dir);
  const path = (role: MetadataRole) => join(dir, `${role}.json`);
  const rootBytes = await readIfThere(path('root'));
  if (rootBytes === undefined) throw new CodedError('trusted-root-unusable', `${path('root')} is missing`);
  const root = openRoot(rootBytes);
  if (!root.ok) throw new CodedError('trusted-root-unusable', `${path('root')}: ${root.error.code}`);

  async function reopen<R extends MetadataRole>(role: R): Promise<Parsed<R> | undefined> {
    const bytes = await readIfThere(path(role));
    if (bytes === undefined || !root.ok) return undefined;
    const parsed = signedBy(root.value, role, bytes);
    if (parsed.ok) return parsed.value;
    // The root changed its keys just before a power cut, or the file rotted: it is fetched again.
    log.event('metadata-refused', { role, code: parsed.error.code, reason: 'as it lay on the disk' });
    return undefined;
  }
  const [timestamp, snapshot, targets] = [await reopen('timestamp'), await reopen('snapshot'), await reopen('targets')];
  let trust: Trust = {
    root: root.value,
    ...(timestamp && { timestamp }),
    ...(snapshot && { snapshot }),
    ...(targets && { targets }),
  };

  return {
    get trust() {
      return trust;
    },
    async setRoot(next) {
      await writeDurably(path('root'), next.parsed.bytes);
      if (onlineKeysUnchanged(trust.root, next)) {
        trust = { ...trust, root: next };
        return;
      }
      await rm(path('timestamp'), { force: true });
      await rm(path('snapshot'), { force: true });
      trust = { root: next, ...(trust.targets && { targets: trust.targets }) };
    },
    async set(role, parsed) {
      await writeDurably(path(role), parsed.bytes);
      trust = { ...trust, [role]: parsed };
    },
  };
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
