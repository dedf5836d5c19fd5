import { Registry } from 'prom-client';
import { addEngineMetrics } from '../observe/engine/engine-metrics.ts';
import { createMetrics, type MetricSources } from '../observe/metrics.ts';
import { blocks, table } from './markdown.ts';

/** A metric as `/metrics` tells it. */
export type DocumentedMetric = {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
};

/** Node's own, which prom-client documents. */
const OF_NODE = 'collimator_agent_';

/** Every metric of the program, as it is registered: nothing is asked for its value. */
export function documentedMetrics(): readonly DocumentedMetric[] {
  const registry = new Registry();
  addEngineMetrics(registry);
  const unasked = new Proxy({} as MetricSources, {
    get: (_, key) => () => {
      throw new Error(`${String(key)} is asked for while the metrics are named`);
    },
  });
  const metrics = createMetrics(unasked, registry);
  const found = registry.getMetricsAsArray().map((metric) => {
    const { name, help, type, labelNames } = metric as unknown as Omit<DocumentedMetric, 'labels'> & {
      readonly labelNames: readonly string[];
    };
    return { name, help, type, labels: labelNames };
  });
  metrics.stop();
  return found.filter(({ name }) => !name.startsWith(OF_NODE)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** `docs/metrics.md`, whole. */
export const metricsPage = (): string =>
  `${blocks(
    '# Metrics of an appliance',
    'What `GET /metrics` on `local_api` tells, for Prometheus. This page is generated from the program; a test keeps both the same. ' +
      '[monitoring.md](monitoring.md) says what to watch, and how to get alerts, a dashboard and traces.',
    `Beside these there are the usual figures of a Node process under \`${OF_NODE}…\`. No label ever holds a patient, a UID, ` +
      'an order or the name of a file.',
    table(
      ['metric', 'type', 'labels', 'is'],
      documentedMetrics().map(({ name, type, labels, help }) => [
        `\`${name}\``,
        type,
        labels.map((label) => `\`${label}\``).join(', '),
        help,
      ]),
    ),
  )}\n`;
