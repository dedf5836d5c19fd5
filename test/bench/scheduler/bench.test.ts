import { describe, expect, it } from 'vitest';
import { runSchedulerBench } from './bench.ts';
import { contestants } from './contestants.ts';
import { goalsOf } from './goals.ts';
import { plotOf } from './plot.ts';
import { markdownReport, plainReport } from './present.ts';
import { scenarioNames } from './scenarios.ts';

describe('the benchmark of the scheduler, in its shortest form', () => {
  const size = { seeds: 2, loads: [0.5, 0.7], counted_ms: 2 * 60_000 };
  const report = runSchedulerBench({ size, progress: () => undefined });
  const goalNames = [
    'stat_p99_vs_ideal',
    'all_p99_vs_ideal',
    'p50_vs_ideal',
    'stat_p99_vs_ideal_noisy',
    'stat_p99_s_device_down',
  ];

  it('has every goal, of both workloads, as the upper end of an interval', () => {
    expect(report.goals.map(({ name }) => name)).toEqual([...goalNames, ...goalNames.map((name) => `${name}@volumes`)]);
    for (const { value, spread } of report.goals) {
      expect(Number.isFinite(value)).toBe(true);
      expect(value).toBe(spread?.[1]);
    }
  });

  it('has every contestant in every scenario at every load', () => {
    expect(report.runs).toHaveLength(2 * scenarioNames.length * 2 * Object.keys(contestants).length);
    for (const { figures } of report.runs) {
      expect(figures.stat_p50_s.mean).toBeGreaterThan(0);
      expect(figures.all_p99_s.mean).toBeGreaterThanOrEqual(figures.all_p50_s.mean);
    }
  });

  it('tells when a goal is missed, and leaves out what was not measured', () => {
    const plain = report.runs.filter(({ scenario }) => scenario === 'plain');
    expect(goalsOf(plain)).toHaveLength(6);
    const slow = plain.map((run) => {
      const bad = { mean: 9, low: 8, high: 10 };
      return { ...run, vsReference: { stat_p50_s: bad, stat_p99_s: bad, all_p50_s: bad, all_p99_s: bad } };
    });
    expect(goalsOf(slow).map(({ value, ok }) => [value, ok])).toEqual(Array.from({ length: 6 }, () => [10, false]));
  });

  it('is presented as a table, as Markdown and as a plot', () => {
    for (const text of [plainReport(report), markdownReport(report)]) {
      for (const name of [...goalNames, ...Object.keys(contestants)]) expect(text).toContain(name);
      expect(text).not.toMatch(/NaN|undefined/);
    }
    const svg = plotOf(report.runs);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    expect(svg.match(/<circle/g)?.length).toBeGreaterThan(100);
  });
});
