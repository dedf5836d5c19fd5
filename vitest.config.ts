import { defineConfig } from 'vitest/config';

// Workspaces resolve to their sources through the `source` export condition, so a test never runs stale output;
// child processes and worker threads always run from dist (shared/src/entry.ts), which `npm test` builds first.
export default defineConfig({
  resolve: { conditions: ['source', 'node', 'import', 'default'] },
  ssr: { resolve: { conditions: ['source', 'node', 'import', 'default'] } },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    setupFiles: ['test/patience.ts'],
    // Guards against a hang, as test/patience.ts; no test asserts a time.
    testTimeout: 120_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 60_000, interval: 20 } },
    projects: [
      // Many files that take little: loading the modules anew for each would take longer than the tests. A module that
      // tests share registers its hooks in a function, because it is loaded once.
      {
        extends: true,
        test: { name: 'parts', include: ['{shared,edge-agent,hub,provisioning}/src/**/*.test.ts'], isolate: false },
      },
      {
        extends: true,
        test: { name: 'whole', include: ['test/**/*.test.ts'], exclude: ['**/node_modules/**', '**/dist/**'] },
      },
    ],
  },
});
