import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { EngineEvent, OnEngineEvent } from '../../study/infer/engine-events.ts';
import { createReleaseSeries, type Forgetful, type Release } from './release-series.ts';

export interface EngineMetrics {
  /** For the engine: counts what it tells. */
  readonly observe: OnEngineEvent;
}

type Labels = Readonly<Record<string, string>>;
type TaskEnded = Extract<EngineEvent, { type: 'task-ended' }>;
type JobEnded = Extract<EngineEvent, { type: 'job-ended' }>;

/** Versions of one release, and releases, whose series are kept. */
const VERSIONS_MAX = 3;
const RELEASES_MAX = 32;
/** Devices whose state is told: more than a machine can have. */
const DEVICES_MAX = 128;

const deviceStates = ['starting', 'ready', 'draining', 'failed'] as const;

/** The words of the configuration for 0 … 3. */
export const priorityNames = ['stat', 'urgent', 'routine', 'background'] as const;

/** From a small model on a GPU to a volume on a slow CPU, and from an idle box to one that a backlog keeps busy. */
const computeBuckets_s = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const queueBuckets_s = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200];
const itemBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256];

const perDevice = ['device', 'release', 'version'] as const;
const releaseLabels = ({ name, version }: Release) => ({ release: name, version });
/** Clocks may be set back between two readings. */
const seconds = (from_ms: number, to_ms: number): number => Math.max(0, to_ms - from_ms) / 1000;

/**
 * What the engine does, in the manner of Triton's `nv_inference_…`: requests by outcome, seconds in the queue and in
 * computation, items of a batch, by device and release. Sums and counts of the histograms are the counters that Triton has.
 * Series of versions that are not used any more are forgotten.
 */
export function addEngineMetrics(registry: Registry): EngineMetrics {
  const series = createReleaseSeries(VERSIONS_MAX, RELEASES_MAX);
  const registers = [registry];
  const counter = (name: string, help: string, labelNames: readonly string[]) =>
    new Counter({ name, help, labelNames: [...labelNames], registers });
  const histogram = (name: string, help: string, labelNames: readonly string[], buckets: number[]) =>
    new Histogram({ name, help, labelNames: [...labelNames], buckets, registers });

  const tasks = counter('collimator_inference_tasks_total', 'Tasks of workers since the start, by outcome', [
    ...perDevice,
    ...['priority', 'task', 'outcome'],
  ]);
  const items = counter('collimator_inference_items_total', 'Slices, windows or volumes inferred on', perDevice);
  const queued = histogram(
    'collimator_inference_queue_seconds',
    'Time from when a task could be run until a worker began with it',
    ['release', 'version', 'priority', 'task'],
    queueBuckets_s,
  );
  const computed = histogram(
    'collimator_inference_compute_seconds',
    'Time that a worker had a task, from beginning to end',
    [...perDevice, 'task'],
    computeBuckets_s,
  );
  const steps = counter(
    'collimator_inference_step_seconds_total',
    'Time that workers spent in each step: decode, preprocess, infer, result',
    [...perDevice, 'step'],
  );
  const batch = histogram(
    'collimator_inference_batch_items',
    'Items that a worker was given at a time',
    perDevice,
    itemBuckets,
  );
  const jobs = counter('collimator_inference_jobs_total', 'Jobs that have ended since the start, by outcome', [
    ...['release', 'version', 'priority', 'outcome'],
  ]);
  const jobQueued = histogram(
    'collimator_inference_job_queue_seconds',
    'Time from when a job was made until a worker began with it',
    ['release', 'version', 'priority'],
    queueBuckets_s,
  );
  const jobRan = histogram(
    'collimator_inference_job_seconds',
    'Time from when a worker began with a job until its results were on the disk',
    ['release', 'version', 'priority'],
    computeBuckets_s,
  );
  const lowered = counter(
    'collimator_inference_batch_lowered_total',
    'How often a device had too little memory for a batch and got smaller ones',
    perDevice,
  );
  const batchMost = new Gauge({
    name: 'collimator_inference_batch_items_max',
    help: 'Most items that a device gets at a time after it had too little memory',
    labelNames: [...perDevice],
    registers,
  });
  const workers = counter('collimator_inference_workers_ended_total', 'Worker processes that have ended, by why', [
    ...['device', 'why'],
  ]);
  const lastSuccess = new Gauge({
    name: 'collimator_inference_last_success_timestamp_seconds',
    help: 'When a task last ended well on a device, seconds since 1970',
    labelNames: ['device'],
    registers,
  });
  const state = new Gauge({
    name: 'collimator_inference_device_state',
    help: 'State of a device: 1 for the one that it is in',
    labelNames: ['device', 'state'],
    registers,
  });
  const running = new Gauge({
    name: 'collimator_inference_tasks_running',
    help: 'Tasks that workers of a device have now',
    labelNames: ['device'],
    registers,
  });
  /** Tasks that each device has now. */
  const devices = new Map<string, number>();

  function count(device: string, more: number): void {
    if (!devices.has(device) && devices.size >= DEVICES_MAX) return;
    const now = Math.max(0, (devices.get(device) ?? 0) + more);
    devices.set(device, now);
    running.set({ device }, now);
  }

  /** Notes a series of a release before it is written to. */
  function noted<L extends Labels>(release: Release, name: string, of: Forgetful, labels: L): L {
    series.used(release, name, of, labels);
    return labels;
  }

  function taskEnded(event: TaskEnded): void {
    const { device, release, task, outcome } = event;
    const priority = priorityNames[event.priority];
    const at = { device, ...releaseLabels(release) };
    tasks.inc(noted(release, 'tasks', tasks, { ...at, priority, task, outcome }));
    queued.observe(
      noted(release, 'queued', queued, { ...releaseLabels(release), priority, task }),
      seconds(event.ready_ms, event.begun_ms),
    );
    // A lost task says nothing of how long it takes.
    if (outcome === 'lost') return;
    computed.observe(noted(release, 'computed', computed, { ...at, task }), seconds(event.begun_ms, event.ended_ms));
    if (outcome !== 'success') return;
    lastSuccess.set({ device }, event.ended_ms / 1000);
    for (const [step, ms] of Object.entries(event.times ?? {}))
      steps.inc(noted(release, 'steps', steps, { ...at, step: step.replace('_ms', '') }), Math.max(0, ms) / 1000);
    if (task === 'plan' || task === 'conclude') return;
    items.inc(noted(release, 'items', items, at), event.items);
    batch.observe(noted(release, 'batch', batch, at), event.items);
  }

  function jobEnded({ release, priority: at, outcome, queued_ms, begun_ms, ended_ms }: JobEnded): void {
    const labels = { ...releaseLabels(release), priority: priorityNames[at] };
    jobs.inc(noted(release, 'jobs', jobs, { ...labels, outcome }));
    jobQueued.observe(noted(release, 'jobQueued', jobQueued, labels), seconds(queued_ms, begun_ms));
    if (outcome === 'inferred') jobRan.observe(noted(release, 'jobRan', jobRan, labels), seconds(begun_ms, ended_ms));
  }

  return {
    observe(event) {
      switch (event.type) {
        case 'task-begun':
          return count(event.device, 1);
        case 'task-ended':
          count(event.device, -1);
          return taskEnded(event);
        case 'job-ended':
          return jobEnded(event);
        case 'worker-ended':
          return workers.inc({ device: event.device, why: event.why });
        case 'batch-lowered': {
          const labels = { device: event.device, ...releaseLabels(event.release) };
          lowered.inc(noted(event.release, 'lowered', lowered, labels));
          return batchMost.set(noted(event.release, 'batchMost', batchMost, labels), event.items);
        }
        case 'device-state':
          count(event.device, 0);
          if (!devices.has(event.device)) return;
          for (const one of deviceStates) state.set({ device: event.device, state: one }, Number(one === event.state));
      }
    },
  };
}
