/**
 * The compiled file behind a source file, for worker threads and child processes.
 * Node 20 cannot load TypeScript, so what runs in another thread or process always runs from `dist`,
 * whether the caller itself was loaded from `src` (a test) or from `dist` (production).
 *
 * @param here `import.meta.url` of the caller, inside `<workspace>/src` or `<workspace>/dist`
 * @param relative path of the entry relative to the caller, ending in `.js`
 */
export function entryFile(here: string, relative: string): URL {
  const url = new URL(relative, here);
  const at = url.pathname.lastIndexOf('/src/');
  if (at >= 0) url.pathname = `${url.pathname.slice(0, at)}/dist/${url.pathname.slice(at + '/src/'.length)}`;
  return url;
}
