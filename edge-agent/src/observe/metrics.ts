import type { DeviceRelease } from '@collimator/shared/contracts/messages';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import type { LinkStatus } from '../link/link.ts';
import type { Latencies, WorkCounts } from '../link/telemetry.ts';
import type { AssociationCounts } from './dicom-events.ts';
import type { KserveCounts } from './kserve-events.ts';
import { addKserveMetrics } from './kserve-metrics.ts';
import type { StowCounts } from './stow-events.ts';
import type { DiskSpace } from './disk-space.ts';
import { addAssemblyMetrics, type AssemblyCounts } from './assembly-metrics.ts';
import { addDeliveryMetrics, type DestinationFigures } from './delivery-metrics.ts';
import { addPriorMetrics, type PriorFigures } from './prior-metrics.ts';
import { addPolicyMetrics, type PolicyFigures, sumOf } from './policy-metrics.ts';
import { askIn, by, type Sample } from './ask.ts';
import { addLoopMetrics, watchLoopDelay } from './event-loop-delay.ts';
import { addQueueMetrics } from './engine/queue-metrics.ts';
import { addGpuMetrics, type GpuFigures } from './gpu/gpu-metrics.ts';
import type { SpanCounts } from './traces/span-queue.ts';
import { addTraceMetrics } from './traces/traces.ts';
import type { QueueDepth } from '../store/sqlite-queue-depth.ts';
import type { HostFacts } from './host-facts.ts';

/** Where each figure is asked for at the moment of a scrape. */
export type MetricSources = {
  readonly agentVersion: string;
  readonly counts: () => WorkCounts;
  readonly latencies: () => Latencies;
  readonly heldStudies: () => number;
  readonly assembly: () => AssemblyCounts;
  readonly policy: () => PolicyFigures;
  readonly priors: () => PriorFigures;
  readonly destinations: () => readonly DestinationFigures[];
  readonly releases: () => readonly DeviceRelease[];
  readonly link: () => LinkStatus;
  readonly outbox: () => { readonly size: number; readonly refused: number };
  readonly associations: () => AssociationCounts;
  readonly stow: () => StowCounts;
  readonly kserve: () => KserveCounts;
  readonly disk: () => DiskSpace;
  readonly host: () => HostFacts | undefined;
  readonly gpus: () => GpuFigures;
  readonly queueDepth: () => readonly QueueDepth[];
  readonly spans: () => SpanCounts;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

export interface Metrics {
  /** The Prometheus text format. */
  text(): Promise<string>;
  readonly contentType: string;
  stop(): void;
}

/**
 * What came in, what became of it, and the state of the machine. No label ever names a patient, a UID or an order.
 * @param registry may hold metrics of others already
 */
export function createMetrics(sources: MetricSources, registry: Registry): Metrics {
  collectDefaultMetrics({ register: registry, prefix: 'collimator_agent_' });
  const loop = watchLoopDelay();

  const ask = askIn(registry);
  const one = (name: string, help: string, value: () => number): void => ask(name, help, [], () => [[{}, value()]]);

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
  addPriorMetrics(ask, () => sources.priors());
  addDeliveryMetrics(ask, () => sources.destinations());
  addPolicyMetrics(
    ask,
    () => sources.policy(),
    () => sumOf(sources.associations().refused, sources.stow().refusedObjects),
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
  addKserveMetrics(ask, () => sources.kserve());
  one('collimator_disk_free_bytes', 'Free bytes where the data folder lies', () => sources.disk().bytes_free);
  one('collimator_disk_size_bytes', 'Size of the file system of the data folder', () => sources.disk().bytes_total);
  addLoopMetrics(ask, loop);
  ask('collimator_host_cpu_load_ratio', 'Load of all cores, 0 to 1', [], () => {
    const host = sources.host();
    return host === undefined ? [] : [[{}, host.cpu_load]];
  });
  ask('collimator_host_memory_available_bytes', 'Memory that can still be had', [], () => {
    const host = sources.host();
    return host === undefined ? [] : [[{}, host.memory_bytes_available]];
  });
  addGpuMetrics(ask, () => sources.gpus());
  addQueueMetrics(
    ask,
    () => sources.queueDepth(),
    () => sources.now(),
  );
  addTraceMetrics(ask, () => sources.spans());

  return {
    text: () => registry.metrics(),
    contentType: registry.contentType,
    stop() {
      loop.stop();
      registry.clear();
    },
  };
}
