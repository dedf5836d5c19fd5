import { expect, it } from 'vitest';
import { cases, linesOf, runPreprocessBench } from './bench.ts';

it('measures every case in both ways, and says whether the goal is met', () => {
  const report = runPreprocessBench({ slices: 2, repetitions: 2 }, () => undefined);
  expect(report.runs).toHaveLength(cases.length * 2 * 2);
  for (const run of report.runs) expect(run.cpu_ms_per_slice).toBeGreaterThanOrEqual(0);
  expect(report.goals.map(({ name, goal }) => `${name} ${goal}`)).toEqual(['preprocess_ms ≤ 0.5']);
  expect(linesOf(report.runs)).toHaveLength(cases.length);
});
