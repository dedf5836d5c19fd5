import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { addToList } from '@collimator/shared/config/add-to-list';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { loadAgentConfig } from '../config/load-agent-config.ts';

/**
 * Writes one more destination into the configuration file, comments and all the rest left as they are. The new file is
 * checked whole before it takes the place of the old one. Throws `peer-exists` and `config-invalid`.
 */
export function addPeer(configFile: string, destination: { readonly name: string }, env: NodeJS.ProcessEnv): void {
  const file = realpathSync(configFile);
  if (loadAgentConfig(file, env).destinations.some(({ name }) => name === destination.name))
    throw new CodedError('peer-exists', destination.name);
  const text = addToList(readFileSync(file, 'utf8'), 'destinations', destination, configFile);
  const next = `${file}.new`;
  const { mode } = statSync(file);
  try {
    const handle = openSync(next, 'w', mode);
    writeSync(handle, text);
    fsyncSync(handle);
    closeSync(handle);
    loadAgentConfig(next, env);
    renameSync(next, file);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
}
