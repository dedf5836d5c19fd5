import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RunRequest } from '@collimator/shared/contracts/http-api';
import { parse, stringify } from 'yaml';
import type { HubFolder } from './hub-folder.ts';

const examples = new URL('../../../hub/docs/examples/', import.meta.url);
const read = (name: string): string => readFileSync(fileURLToPath(new URL(name, examples)), 'utf8');

/** The example run with so few steps that it only proves the way, for a release of any version. */
export function shortRun(version = '1.0.0', steps = 2): RunRequest {
  const spec = { ...(parse(read('run.yaml')) as RunRequest['spec']), steps_max: steps };
  const release = { ...(JSON.parse(read('release.json')) as Record<string, unknown>), version };
  return { spec, release };
}

/** The same as files, for the command line. @returns the path of run.yaml */
export function writeShortRun(install: HubFolder, version: string): string {
  const { spec, release } = shortRun(version);
  writeFileSync(install.path('release.json'), JSON.stringify(release));
  writeFileSync(install.path('run.yaml'), stringify({ ...spec, release: 'release.json' }));
  return install.path('run.yaml');
}
