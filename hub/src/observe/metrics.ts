import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export type GaugeReadings = {
  readonly devicesRegistered: () => number;
  readonly devicesOnline: () => number;
  readonly brokerClients: () => number;
  readonly linkConnected: () => boolean;
  readonly runsWaiting: () => number;
  readonly runsRunning: () => number;
};

export interface Metrics {
  readonly contentType: string;
  scrape(): Promise<string>;
  request(route: string, method: string, status: number, seconds: number): void;
  fleetMessage(kind: 'state' | 'telemetry' | 'events', taken: boolean): void;
  clientDropped(reason: string): void;
  runFinished(outcome: 'succeeded' | 'failed'): void;
  /** Once all that the gauges read is there. */
  observe(readings: GaugeReadings): void;
}

const secondsBuckets = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60];

/** Prometheus metrics of the hub: base units, and labels of which there are few. */
export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: 'collimator_' });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `collimator_hub_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });

  const build = new Gauge({
    name: 'collimator_hub_build_info',
    help: 'Always 1; the version is in the label',
    labelNames: ['version'],
    registers,
  });
  build.set({ version }, 1);
  const requests = new Histogram({
    name: 'collimator_hub_http_request_duration_seconds',
    help: 'Time to answer HTTP requests',
    labelNames: ['route', 'method', 'status'],
    buckets: secondsBuckets,
    registers,
  });
  const messages = new Counter({
    name: 'collimator_hub_fleet_messages_total',
    help: 'Messages of devices, by kind and whether they were taken',
    labelNames: ['kind', 'taken'],
    registers,
  });
  const dropped = new Counter({
    name: 'collimator_hub_broker_sessions_dropped_total',
    help: 'Sessions that the embedded broker ended because of a bound',
    labelNames: ['reason'],
    registers,
  });
  const runs = new Counter({
    name: 'collimator_hub_training_runs_total',
    help: 'Training runs that ended',
    labelNames: ['outcome'],
    registers,
  });
  return {
    contentType: registry.contentType,
    scrape: () => registry.metrics(),
    request: (route, method, status, seconds) => requests.observe({ route, method, status }, seconds),
    fleetMessage: (kind, taken) => messages.inc({ kind, taken: String(taken) }),
    clientDropped: (reason) => dropped.inc({ reason }),
    runFinished: (outcome) => runs.inc({ outcome }),
    observe(readings) {
      gauge('devices', 'Devices that are not retired', readings.devicesRegistered);
      gauge('devices_online', 'Devices connected to the broker', readings.devicesOnline);
      gauge('broker_clients', 'Clients of the embedded broker', readings.brokerClients);
      gauge('link_connected', "1 while the hub's own connection to the broker is up", () =>
        Number(readings.linkConnected()),
      );
      gauge('training_runs_waiting', 'Training runs in the queue', readings.runsWaiting);
      gauge('training_runs_running', 'Training runs at work', readings.runsRunning);
    },
  };
}
