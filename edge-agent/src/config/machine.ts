import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Machine } from './cross-checks.ts';
import { readSecret } from './secret-file.ts';

/** The machine that this process runs on. Nothing is created by asking. */
export const thisMachine: Machine = {
  unreadable(file) {
    try {
      readFileSync(file);
      return undefined;
    } catch (error) {
      return `${file} cannot be read (${codeIn(error)})`;
    }
  },
  unsafe(file) {
    const read = readSecret(file);
    return read.ok ? undefined : read.error;
  },
  unwritable(folder) {
    // A folder that does not exist yet is made at the start, so the nearest one that exists decides.
    let nearest = resolve(folder);
    while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
    try {
      if (!statSync(nearest).isDirectory()) return `${nearest} is not a folder`;
      accessSync(nearest, constants.W_OK | constants.X_OK);
      return undefined;
    } catch (error) {
      return `${nearest} cannot be written to (${codeIn(error)})`;
    }
  },
};

const codeIn = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown';
