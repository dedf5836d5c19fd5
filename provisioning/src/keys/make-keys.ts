import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { buildRoot, buildTargets, expiresIn, publicPart } from '@collimator/shared/release/build-metadata';
import { makeFolder, writeDurably } from '@collimator/shared/files/durable-file';
import { generateSigningKey, privateKeyPem, publicKeyPem, type SigningKey } from '@collimator/shared/release/keys';
import { signDocument } from '@collimator/shared/release/signatures';

export type KeyCeremony = {
  readonly rootKeys: number;
  readonly rootThreshold: number;
  readonly targetsKeys: number;
  readonly targetsThreshold: number;
  readonly rootExpiresDays: number;
  readonly targetsExpiresDays: number;
};

export const keyCeremonyDefaults: KeyCeremony = {
  rootKeys: 3,
  rootThreshold: 2,
  targetsKeys: 3,
  targetsThreshold: 2,
  rootExpiresDays: 365,
  targetsExpiresDays: 365,
};

const keysMax = 16;

/** What was written, by purpose: `offline` belongs on separate media, `online` on the hub, `repository` is public. */
export type WrittenKey = { readonly role: string; readonly keyid: string; readonly file: string };

/**
 * Makes every key of a trust repository, each in a file of its own, and signs the first root and (empty) targets.
 * `<out>/offline/{root,targets}-N.pem`, `<out>/online/{snapshot,timestamp,director}.pem` (all PKCS#8, mode 0600),
 * `<out>/public/*.pem`, `<out>/repository/{1.root.json,1.targets.json}`.
 * @throws CodedError `keys-exist`, `config-invalid`
 */
export async function makeKeys(out: string, ceremony: KeyCeremony, now: Date): Promise<readonly WrittenKey[]> {
  checkCeremony(ceremony);
  await makeFolder(out);
  if ((await readdir(out)).length > 0) throw new CodedError('keys-exist', out);
  const root = Array.from({ length: ceremony.rootKeys }, generateSigningKey);
  const targets = Array.from({ length: ceremony.targetsKeys }, generateSigningKey);
  const [snapshot, timestamp, director] = [generateSigningKey(), generateSigningKey(), generateSigningKey()];

  for (const folder of ['offline', 'online', 'public', 'repository']) await makeFolder(join(out, folder));
  const written: WrittenKey[] = [];
  const write = async (folder: string, role: string, name: string, key: SigningKey) => {
    const file = join(out, folder, `${name}.pem`);
    await writeDurably(file, Buffer.from(privateKeyPem(key)), 0o600);
    await writeDurably(join(out, 'public', `${name}.pem`), Buffer.from(publicKeyPem(key.key)));
    written.push({ role, keyid: key.keyid, file });
  };
  for (const [i, key] of root.entries()) await write('offline', 'root', `root-${i + 1}`, key);
  for (const [i, key] of targets.entries()) await write('offline', 'targets', `targets-${i + 1}`, key);
  await write('online', 'snapshot', 'snapshot', snapshot);
  await write('online', 'timestamp', 'timestamp', timestamp);
  await write('online', 'director', 'director', director);

  const rootDocument = buildRoot({
    version: 1,
    expires: expiresIn(now, ceremony.rootExpiresDays),
    roles: {
      root: { keys: root.map(publicPart), threshold: ceremony.rootThreshold },
      targets: { keys: targets.map(publicPart), threshold: ceremony.targetsThreshold },
      snapshot: { keys: [publicPart(snapshot)], threshold: 1 },
      timestamp: { keys: [publicPart(timestamp)], threshold: 1 },
    },
    director: publicPart(director),
  });
  const targetsDocument = buildTargets({
    version: 1,
    expires: expiresIn(now, ceremony.targetsExpiresDays),
    targets: [],
  });
  await writeDurably(join(out, 'repository', '1.root.json'), signDocument(rootDocument, root));
  await writeDurably(join(out, 'repository', '1.targets.json'), signDocument(targetsDocument, targets));
  return written;
}

function checkCeremony(ceremony: KeyCeremony): void {
  const problems: string[] = [];
  for (const [role, keys, threshold] of [
    ['root', ceremony.rootKeys, ceremony.rootThreshold],
    ['targets', ceremony.targetsKeys, ceremony.targetsThreshold],
  ] as const) {
    if (!Number.isInteger(keys) || keys < 1 || keys > keysMax) problems.push(`--${role}-keys must be 1…${keysMax}`);
    if (!Number.isInteger(threshold) || threshold < 1 || threshold > keys)
      problems.push(`--${role}-threshold must be 1…${keys}`);
  }
  if (!(ceremony.rootExpiresDays > 0)) problems.push('--root-expires-days must be above 0');
  if (!(ceremony.targetsExpiresDays > 0)) problems.push('--targets-expires-days must be above 0');
  if (problems.length > 0) throw new CodedError('config-invalid', problems.join('; '));
}
