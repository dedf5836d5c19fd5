import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { documentedMetrics } from '@collimator/edge-agent/docs/metrics-page';
import { askIn } from '@collimator/edge-agent/observe/ask';
import { addEngineMetrics } from '@collimator/edge-agent/observe/engine/engine-metrics';
import { addQueueMetrics } from '@collimator/edge-agent/observe/engine/queue-metrics';
import { Registry } from 'prom-client';
import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';

const path = (file: string): string => fileURLToPath(new URL(`../../../docker/${file}`, import.meta.url));
const promtool = (...args: string[]) => promisify(execFile)('promtool', args);

/** Prometheus's own expressions and functions are lower case too; only names of ours are looked for. */
const namesIn = (text: string): string[] => [
  ...new Set([...text.matchAll(/\b(?:collimator_[a-z_]+|DCGM_[A-Z_]+)/g)].map(([name]) => name)),
];
const known = new Set(
  documentedMetrics().flatMap(({ name, type }) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);
/** Labels that Prometheus or the rules themselves add. */
const labelsOf = new Map(
  documentedMetrics().flatMap(({ name, type, labels }): [string, readonly string[]][] =>
    type === 'histogram'
      ? ['_bucket', '_sum', '_count'].map((end) => [`${name}${end}`, [...labels, 'le', 'instance']])
      : [[name, [...labels, 'instance']]],
  ),
);

/** Labels by which an expression selects from a metric. */
const selections = (expr: string): [string, string][] =>
  [...expr.matchAll(/\b((?:collimator|DCGM)_\w+)\{([^}]*)\}/g)].flatMap(([, name = '', inner = '']) =>
    [...inner.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)].map(([, label = '']): [string, string] => [name, label]),
  );

type Dashboard = {
  readonly panels: readonly {
    readonly id: number;
    readonly type: string;
    readonly title: string;
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
};

describe('the alert rules', () => {
  test('are right in the eyes of Prometheus, and raise what they are to raise', async () => {
    expect((await promtool('check', 'rules', path('prometheus/rules/appliance.yml'))).stdout).toContain('SUCCESS');
    await promtool('check', 'config', '--syntax-only', path('prometheus/prometheus.yml'));
    expect((await promtool('test', 'rules', path('prometheus/tests/appliance.yml'))).stdout).toContain('SUCCESS');
  });

  test('are each tried, and name metrics and labels that there are', () => {
    const text = readFileSync(path('prometheus/rules/appliance.yml'), 'utf8');
    const tried = readFileSync(path('prometheus/tests/appliance.yml'), 'utf8');
    const { groups } = parse(text) as { groups: { rules: { alert: string; expr: string }[] }[] };
    for (const { alert, expr } of groups.flatMap(({ rules }) => rules)) {
      expect(tried).toContain(alert);
      expect(
        namesIn(expr).filter((name) => !known.has(name)),
        alert,
      ).toEqual([]);
      expect(selections(expr).filter(([name, label]) => labelsOf.get(name)?.includes(label) !== true)).toEqual([]);
    }
  });
});

describe('the dashboard', () => {
  const dashboard = JSON.parse(readFileSync(path('grafana/dashboards/appliance-engine.json'), 'utf8')) as Dashboard;
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');

  test('names metrics and labels that there are', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    for (const { title, targets = [] } of panels) {
      expect(targets.length, title).toBeGreaterThan(0);
      for (const { expr, legendFormat } of targets) {
        expect(
          namesIn(expr).filter((name) => !known.has(name)),
          title,
        ).toEqual([]);
        expect(
          selections(expr).filter(([name, label]) => labelsOf.get(name)?.includes(label) !== true),
          title,
        ).toEqual([]);
        const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
        const there = namesIn(expr).flatMap((name) => labelsOf.get(name) ?? []);
        expect(
          shown.filter((label) => !there.includes(label)),
          title,
        ).toEqual([]);
      }
    }
  });

  test('shows every metric of the engine', () => {
    const shown = namesIn(panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join('\n'));
    const engine = documentedMetrics().filter(({ name }) => name.startsWith('collimator_inference_'));
    expect(engine.filter(({ name }) => !shown.some((one) => one.startsWith(name))).map(({ name }) => name)).toEqual([]);
  });

  test('has expressions that Prometheus understands', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dashboard-'));
    const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    const rules = expressions.map((expr, i) => ({
      record: `panel:${i}`,
      expr: expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$(instance|release)/g, '.*'),
    }));
    const file = join(folder, 'panels.yml');
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules }] }));
    expect((await promtool('check', 'rules', file)).stdout).toContain(`SUCCESS: ${rules.length} rules found`);
    rmSync(folder, { recursive: true });
  });
});

test('the metrics of the engine are as Prometheus wants them named and described', async () => {
  const registry = new Registry();
  const { observe } = addEngineMetrics(registry);
  addQueueMetrics(
    askIn(registry),
    () => [],
    () => 0,
  );
  observe({ type: 'device-state', device: 'gpu-0', state: 'ready' });
  const child = execFile('promtool', ['check', 'metrics']);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (some: string) => (output += some));
  child.stdin?.end(await registry.metrics());
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect([code, output]).toEqual([0, '']);
});
