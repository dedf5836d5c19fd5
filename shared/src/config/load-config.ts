import { readFileSync } from 'node:fs';
import type { Static, TSchema } from 'typebox';
import { parseDocument } from 'yaml';
import { formatProblems, type Validator } from '../contracts/validate.ts';
import { CodedError } from '../errors/coded-error.ts';
import { overrideFromEnvironment } from './environment.ts';

export type LoadOptions = { readonly env: NodeJS.ProcessEnv; readonly envPrefix: string };

/**
 * Reads a YAML (or JSON) file, applies overrides from the environment and checks it against its schema.
 * Throws `config-unreadable`, or `config-invalid` naming every problem at once with its path.
 */
export function loadConfig<S extends TSchema>(check: Validator<S>, file: string, options?: LoadOptions): Static<S> {
  const raw = parseYamlFile(file);
  const value = options === undefined ? raw : overrideFromEnvironment(raw, options.env, options.envPrefix);
  const result = check.check(value);
  if (result.ok) return result.value;
  throw new CodedError('config-invalid', `${file}: ${formatProblems(result.error)}`);
}

/** The parsed document; duplicate keys and syntax errors are refused with line and column. */
export function parseYamlFile(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CodedError('config-unreadable', `${file} (${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
  const document = parseDocument(text, { uniqueKeys: true });
  if (document.errors.length > 0) {
    const detail = document.errors.map((e) => e.message.split('\n')[0]).join('; ');
    throw new CodedError('config-invalid', `${file}: ${detail}`);
  }
  return document.toJS({ maxAliasCount: 100 }) as unknown;
}
