import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { err, ok, type Result } from '@collimator/shared/result';

/** Shorter ones can be guessed, given time. */
export const SECRET_CHARACTERS_MIN = 20;
const othersMask = 0o077;

/** The secret that a file holds, or why it is none: others can read it, it is too short, it cannot be read. */
export function readSecret(file: string): Result<string, string> {
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r');
    if ((fstatSync(fd).mode & othersMask) !== 0) return err(`${file} can be read by others; make its mode 600`);
    // A line feed at the end is the editor's.
    const secret = readFileSync(fd, 'utf8').replace(/\r?\n$/, '');
    if (secret.length >= SECRET_CHARACTERS_MIN) return ok(secret);
    return err(`${file} holds fewer than ${SECRET_CHARACTERS_MIN} characters`);
  } catch (error) {
    return err(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
