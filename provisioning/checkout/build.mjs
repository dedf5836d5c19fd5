import { spawnSync } from 'node:child_process';

/** Compiles what changed (`tsc -b` keeps its own books). Returns what went wrong, if anything. */
export function build() {
  const tsc = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b'], {
    stdio: ['ignore', process.stderr, process.stderr],
  });
  return tsc.status === 0 ? undefined : 'The build failed: see its messages above.';
}
