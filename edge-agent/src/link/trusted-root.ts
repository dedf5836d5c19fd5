import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurable } from '@collimator/shared/files/durable-file-sync';
import { identityFiles } from '@collimator/provisioning/enrol/identity-files';
import { identityFolder } from './identity.ts';

const readable = 0o644;

/**
 * Lays the root of the enrolment down where the model's way keeps its trusted metadata, once. A root that has moved on
 * since is never put back: that would be a roll-back. Without one, the model's way says so.
 */
export function layDownTrustedRoot(dataDir: string): void {
  const enrolled = join(identityFolder(dataDir), identityFiles.trustedRoot);
  const trusted = join(dataDir, 'trust', 'root.json');
  if (existsSync(trusted) || !existsSync(enrolled)) return;
  writeDurable(trusted, readFileSync(enrolled), readable);
}
