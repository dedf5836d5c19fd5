import { parse } from 'yaml';

/**
 * Overrides single values: `<PREFIX>__DICOM__AE_TITLE=NODE1` sets `dicom.ae_title`. Values are read as YAML, list
 * items by index (`__LISTEN__0__PORT`). Keys are lower case; what does not exist in the schema is then refused by it.
 */
export function overrideFromEnvironment(config: unknown, env: NodeJS.ProcessEnv, prefix: string): unknown {
  const result: unknown = structuredClone(config);
  for (const [name, text] of Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!name.startsWith(`${prefix}__`) || text === undefined) continue;
    const path = name
      .slice(prefix.length + 2)
      .toLowerCase()
      .split('__');
    assign(result, path, parse(text));
  }
  return result;
}

function assign(target: unknown, path: readonly string[], value: unknown): void {
  let node = target as Record<string, unknown>;
  for (const key of path.slice(0, -1)) {
    if (typeof node[key] !== 'object' || node[key] === null) node[key] = {};
    node = node[key] as Record<string, unknown>;
  }
  const last = path.at(-1);
  if (last !== undefined) node[last] = value;
}
