import { mkdtempSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parts, runInferBench } from './bench.ts';
import { markdownReport, plainReport } from './present.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(fileURLToPath(new URL('../../../node_modules/bench-infer-', import.meta.url)));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it('measures each part with next to nothing to do, and says what it found', async () => {
  const report = await runInferBench({
    dir,
    size: {
      ...{ repetitions: 1, edge: 64, classified: 8, segmented: 8, volumeSlices: 24, busy: 4, arriving: 8, killed: 8 },
      ...{ phase_ms: 2_000, jobs: [4, 8], swaps: [1, 2] },
    },
    progress: () => undefined,
  });
  expect(report.goals.map(({ name }) => name)).toEqual([
    'cpu_per_item_vs_bare',
    'throughput_vs_bare',
    'loop_p99_ratio',
    'ct300_vs_parts',
    'swap_failed',
    'swap_p99_ratio',
    'kill_recovery_ratio',
    'rss_ratio',
  ]);
  const [runs] = report.runs;
  expect(runs?.perItem?.map(({ items }) => items)).toEqual([8, 8]);
  for (const one of runs?.perItem ?? []) {
    expect(one.agent_cpu_ms).toBeGreaterThan(0);
    expect(one.bare_cpu_ms).toBeGreaterThan(0);
    expect(one.agent_items_per_s).toBeGreaterThan(0);
  }
  expect(runs?.kill).toMatchObject([{ results: 1 }]);
  expect(runs?.swap?.[0]?.byNew).toBeGreaterThan(0);
  expect(runs?.memory?.[1]).toMatchObject({ jobs: 8, swaps: 2 });
  expect(plainReport(report)).toContain('rss_ratio');
  expect(markdownReport(report)).toContain('| `swap_failed` |');
  expect(parts).toHaveLength(6);
}, 600_000);
