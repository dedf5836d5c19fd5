import { readFileSync } from 'node:fs';

/** The version of the package that this file is part of, from source and from dist alike. */
export function readAgentVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
