import { defineConfig } from 'vitest/config';

// Workspaces resolve to their sources through the `source` export condition, so a test never runs stale output;
// child processes and worker threads always run from dist (shared/src/entry.ts), which `npm test` builds first.
export default defineConfig({
  resolve: { conditions: ['source', 'node', 'import', 'default'] },
  ssr: { resolve: { conditions: ['source', 'node', 'import', 'default'] } },
  test: {
    include: ['{shared,edge-agent,hub,provisioning}/src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    maxWorkers: 2,
    setupFiles: ['test/patience.ts'],
    // Guards against a hang, as test/patience.ts; no test asserts a time.
    testTimeout: 120_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 60_000, interval: 20 } },
  },
});
