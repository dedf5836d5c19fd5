import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, writeDurably } from '@collimator/shared/files/durable-file';
import { secretMode } from '@collimator/shared/files/durable-file-sync';

const BYTES = 32;

/** Apart from the database, so that a backup or a copy of that alone does not hold the key to its digests. */
const secretFile = (dataDir: string): string => join(dataDir, 'secrets', 'patient-key');

/**
 * The secret of `patientKey`, made at the first start.
 *
 * @returns `fresh` when it was made just now: digests that are in the index already can no longer be compared
 */
export async function readPatientSecret(
  dataDir: string,
  random: (bytes: number) => Uint8Array,
): Promise<{ readonly secret: Uint8Array; readonly fresh: boolean }> {
  const file = secretFile(dataDir);
  const known = await readIfThere(file);
  if (known?.length === BYTES) return { secret: known, fresh: false };
  const secret = random(BYTES);
  await makeFolder(join(dataDir, 'secrets'));
  await writeDurably(file, secret, secretMode);
  return { secret, fresh: true };
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    const handle = await open(file, 'r');
    try {
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
