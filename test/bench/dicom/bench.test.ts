import { mkdtempSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hasRoomForAnother, runDicomBench } from './bench.ts';
import { markdownReport, plainReport } from './present.ts';
import { serverNames } from './servers.ts';

let dir: string;
beforeEach(() => {
  // Beside the other caches of the checkout: on its disk, as the benchmark itself.
  dir = mkdtempSync(fileURLToPath(new URL('../../../node_modules/bench-dicom-', import.meta.url)));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it('measures every server with a load of a few files, and says what it found', async () => {
  const told: string[] = [];
  const report = await runDicomBench({
    dir,
    size: {
      ...{ images: 4, edge: 64, studyFiles: 14, warmUp: 2, repetitions: 1, largeBytes: 4e6 },
      associations: [1, 4, 16],
    },
    progress: (text) => told.push(text),
  });
  expect(report.runs).toHaveLength(serverNames.length * 4);
  for (const run of report.runs) {
    expect(run.images_per_s).toBeGreaterThan(0);
    expect(run.mb_per_s).toBeGreaterThan(0);
    expect(run.cpu_ms_per_image).toBeGreaterThanOrEqual(0);
    expect(run.rss_mb).toBeGreaterThan(0);
  }
  expect(report.goals.map(({ name }) => name)).toEqual([
    'rate_vs_storescp_default@4',
    'rate_vs_storescp_default@16',
    'rate_vs_storescp_best@4',
    'rate_vs_storescp_best@16',
    'rate_vs_orthanc@4',
    'rate_vs_orthanc@16',
    'rate_vs_orthanc@1',
    ...(report.goals.some(({ name }) => name === 'cpu_vs_storescp@4') ? ['cpu_vs_storescp@4'] : []),
    'rss_400mb_mb',
    'index_ms',
  ]);
  expect(JSON.parse(JSON.stringify(report))).toMatchObject({
    machine: { cores: expect.any(Number) as number },
    commit: expect.any(String) as string,
    fsync_ms: { median: expect.any(Number) as number },
  });
  expect(plainReport(report)).toContain('rate_vs_orthanc@1');
  expect(markdownReport(report)).toContain('| `index_ms` |');
  expect(told.length).toBeGreaterThan(report.runs.length);
});

it.each([
  [12e9, 4e9, true],
  [10e9, 4e9, false],
  [4e9, 0, false],
])('with %i bytes free, %i bytes of a repetition stay until the end: %s', (free, took, stay) => {
  expect(hasRoomForAnother(free, took)).toBe(stay);
});
