import { closeSync, openSync } from 'node:fs';

/** Called at each named point of a way through the program; see `createCheckpoint`. */
export type Checkpoint = (name: string) => void;

/**
 * Lets a fault test kill the process at one named point, as a power cut would: `COLLIMATOR_KILL_AT` names the point,
 * `COLLIMATOR_KILL_MARKER` a file that is created first, so that the restarted process passes the same point unharmed.
 * Without both variables it does nothing.
 */
export function createCheckpoint(env: NodeJS.ProcessEnv): Checkpoint {
  const at = env['COLLIMATOR_KILL_AT'];
  const marker = env['COLLIMATOR_KILL_MARKER'];
  if (at === undefined || marker === undefined) return () => undefined;
  return (name) => {
    if (name === at && claim(marker)) process.kill(process.pid, 'SIGKILL');
  };
}

/** Creates the marker; false when it was there already. */
function claim(marker: string): boolean {
  try {
    closeSync(openSync(marker, 'wx'));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
