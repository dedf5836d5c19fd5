import { err, ok, type Result } from '@collimator/shared/result';
import { readSecret } from '../../config/secret-file.ts';

/** `Name: value` lines, as of HTTP; most of them are one that proves who we are. */
const HEADERS_MAX = 16;

/** Headers that a file holds, or why it holds none. The file is a secret, as `readSecret` understands it. */
export function readHeaders(file: string): Result<Record<string, string>, string> {
  const secret = readSecret(file);
  return secret.ok ? parseHeaders(file, secret.value) : secret;
}

/** @param file its name, for what is said of it; nothing of its content is */
export function parseHeaders(file: string, text: string): Result<Record<string, string>, string> {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length > HEADERS_MAX) return err(`${file} has more than ${HEADERS_MAX} headers`);
  const headers: Record<string, string> = {};
  for (const [i, line] of lines.entries()) {
    const [, name, value] = /^([A-Za-z0-9!#$%&'*+.^_`|~-]+): *([\x20-\x7e]+)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return err(`${file} line ${i + 1} is not a header (Name: value)`);
    headers[name] = value.trim();
  }
  return ok(headers);
}
