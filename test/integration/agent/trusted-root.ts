import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeKeys, keyCeremonyDefaults } from '@collimator/provisioning/keys/make-keys';

/** The root of a key ceremony, where enrolment leaves it; one ceremony serves all appliances of a test. */
export async function installTestRoot(folder: string, dataDir: string): Promise<void> {
  const keys = join(folder, 'keys');
  if (!existsSync(keys)) await makeKeys(keys, keyCeremonyDefaults, new Date());
  const trust = join(dataDir, 'identity', 'trust');
  mkdirSync(trust);
  copyFileSync(join(keys, 'repository', '1.root.json'), join(trust, 'root.json'));
}
