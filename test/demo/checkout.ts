import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const commandLine = 'collimator.mjs';

/** The root of the checkout: the folder above this file that holds the command line, seen from the source or the build. */
export const checkout = rootAbove(dirname(fileURLToPath(import.meta.url)));
export const collimator = join(checkout, commandLine);

function rootAbove(folder: string): string {
  if (existsSync(join(folder, commandLine))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error(`no folder above holds ${commandLine}`);
  return rootAbove(parent);
}
