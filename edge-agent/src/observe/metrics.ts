import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { DeviceRelease } from '@collimator/shared/contracts/messages';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { LinkStatus } from '../link/link.ts';
import type { Latencies, WorkCounts } from '../link/telemetry.ts';
import type { AssociationCounts } from './dicom-events.ts';
import type { StowCounts } from './stow-events.ts';
import type { DiskSpace } from './disk-space.ts';
import { addAssemblyMetrics, type AssemblyCounts } from './assembly-metrics.ts';
import { addDeliveryMetrics, type DestinationFigures } from './delivery-metrics.ts';
import { addPolicyMetrics, type PolicyFigures } from './policy-metrics.ts';
import { gpuFields, type GpuReading } from './gpu-readings-parser.ts';
import type { HostFacts } from './host-facts.ts';

/** Where each figure is asked for at the moment of a scrape. */
export type MetricSources = {
  readonly agentVersion: string;
  readonly counts: () => WorkCounts;
  readonly latencies: () => Latencies;
  readonly heldStudies: () => number;
  readonly assembly: () => AssemblyCounts;
  readonly policy: () => PolicyFigures;
  readonly destinations: () => readonly DestinationFigures[];
  readonly releases: () => readonly DeviceRelease[];
  readonly link: () => LinkStatus;
  readonly outbox: () => { readonly size: number; readonly refused: number };
  readonly associations: () => AssociationCounts;
  readonly stow: () => StowCounts;
  readonly disk: () => DiskSpace;
  readonly host: () => HostFacts | undefined;
  readonly gpus: () => readonly GpuReading[];
};

export interface Metrics {
  /** The Prometheus text format. */
  text(): Promise<string>;
  readonly contentType: string;
  stop(): void;
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [Labels, number];

/** What came in, what became of it, and the state of the machine. No label ever names a patient, a UID or an order. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'collimator_agent_' });
  const loopDelay = monitorEventLoopDelay({ resolution: 10 });
  loopDelay.enable();

  const ask = (name: string, help: string, labelNames: readonly string[], samples: () => readonly Sample[]): void => {
    const options = { name, help, labelNames: [...labelNames], registers: [registry] };
    if (name.endsWith('_total')) {
      const counter: Counter = new Counter({
        ...options,
        collect() {
          counter.reset();
          for (const [labels, value] of samples()) counter.inc(labels, value);
        },
      });
      return;
    }
    const gauge: Gauge = new Gauge({
      ...options,
      collect() {
        gauge.reset();
        for (const [labels, value] of samples()) gauge.set(labels, value);
      },
    });
  };
  const one = (name: string, help: string, value: () => number): void => ask(name, help, [], () => [[{}, value()]]);
  const by = (label: string, values: Readonly<Record<string, number>>): Sample[] =>
    Object.entries(values).map(([key, value]) => [{ [label]: key }, value]);

  ask('collimator_build_info', 'The running version', ['version'], () => [[{ version: sources.agentVersion }, 1]]);
  ask('collimator_instances_total', 'DICOM instances since the start, by outcome', ['outcome'], () =>
    by('outcome', sources.counts().instances),
  );
  ask('collimator_jobs', 'Jobs by state', ['state'], () => by('state', sources.counts().jobs));
  one('collimator_studies_held', 'Studies that wait for a decision of a person', () => sources.heldStudies());
  ask('collimator_deliveries', 'Results on their way to a destination, by state', ['state'], () =>
    by('state', sources.counts().deliveries),
  );
  addAssemblyMetrics(ask, () => sources.assembly());
  addDeliveryMetrics(ask, () => sources.destinations());
  addPolicyMetrics(
    ask,
    () => sources.policy(),
    () => sources.associations().refused,
  );
  ask('collimator_study_latency_seconds', 'Latency of the last studies by stage', ['stage', 'quantile'], () =>
    Object.entries(sources.latencies()).flatMap(([stage, q]): Sample[] => [
      [{ stage, quantile: '0.5' }, q.p50 / 1000],
      [{ stage, quantile: '0.95' }, q.p95 / 1000],
      [{ stage, quantile: '1' }, q.max / 1000],
    ]),
  );
  ask('collimator_release_active', 'The release that runs, by name', ['name', 'version'], () =>
    sources
      .releases()
      .flatMap(({ active }): Sample[] =>
        active === null ? [] : [[{ name: active.name, version: active.version }, 1]],
      ),
  );
  ask('collimator_release_stale', 'Whether the metadata of a release has expired', ['name'], () =>
    sources.releases().map(({ name, stale }): Sample => [{ name }, Number(stale)]),
  );
  one('collimator_hub_connected', 'Whether the hub is connected', () => Number(sources.link().connected));
  one('collimator_hub_reconnects_total', 'Connections to the hub after the first', () => sources.link().reconnects);
  one('collimator_outbox_events', 'Events that the hub has not acknowledged', () => sources.outbox().size);
  one(
    'collimator_outbox_refused_total',
    'Events not taken because the outbox was full',
    () => sources.outbox().refused,
  );
  one('collimator_dicom_associations', 'Open DICOM associations', () => sources.associations().open);
  ask('collimator_dicom_associations_total', 'DICOM associations since the start, by outcome', ['outcome'], () => {
    const { accepted, rejected } = sources.associations();
    return by('outcome', { accepted, rejected });
  });
  ask('collimator_dicom_limit_hits_total', 'How often each bound of the DICOM node was reached', ['limit'], () =>
    by('limit', sources.associations().limits),
  );
  one('collimator_stow_requests', 'STOW-RS requests under way', () => sources.stow().open);
  ask('collimator_stow_requests_total', 'STOW-RS requests since the start, by outcome', ['outcome'], () => {
    const { finished, cutOff, refused } = sources.stow();
    return by('outcome', { finished, 'cut-off': cutOff, refused });
  });
  ask('collimator_stow_limit_hits_total', 'How often each bound of STOW-RS was reached', ['limit'], () =>
    by('limit', sources.stow().limits),
  );
  one('collimator_disk_free_bytes', 'Free bytes where the data folder lies', () => sources.disk().bytes_free);
  one('collimator_disk_size_bytes', 'Size of the file system of the data folder', () => sources.disk().bytes_total);
  ask('collimator_event_loop_delay_seconds', 'Delay of the event loop since the last scrape', ['quantile'], () => {
    const at = (percent: number) => Math.max(0, loopDelay.percentile(percent) / 1e9);
    const samples = by('quantile', { '0.5': at(50), '0.99': at(99), '1': Math.max(0, loopDelay.max / 1e9) });
    loopDelay.reset();
    return samples;
  });
  ask('collimator_host_cpu_load_ratio', 'Load of all cores, 0 to 1', [], () => {
    const host = sources.host();
    return host === undefined ? [] : [[{}, host.cpu_load]];
  });
  ask('collimator_host_memory_available_bytes', 'Memory that can still be had', [], () => {
    const host = sources.host();
    return host === undefined ? [] : [[{}, host.memory_bytes_available]];
  });
  for (const field of gpuFields) {
    ask(field.metric, field.help, ['gpu', 'UUID', 'modelName'], () =>
      sources.gpus().flatMap(({ index, uuid, name, values }): Sample[] => {
        const value = values[field.metric];
        return value === undefined ? [] : [[{ gpu: String(index), UUID: uuid, modelName: name }, value]];
      }),
    );
  }

  return {
    text: () => registry.metrics(),
    contentType: registry.contentType,
    stop() {
      loopDelay.disable();
      registry.clear();
    },
  };
}
