import fc from 'fast-check';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import type { EngineEvent } from '../../study/infer/engine-events.ts';
import { askIn } from '../ask.ts';
import { addEngineMetrics } from './engine-metrics.ts';
import { addQueueMetrics } from './queue-metrics.ts';

const release = { name: 'lung', version: '1.2.0' };
const task = (over: Partial<Extract<EngineEvent, { type: 'task-ended' }>> = {}): EngineEvent => ({
  type: 'task-ended',
  jobId: 7,
  task: 'items',
  device: 'gpu-0',
  release,
  priority: 0,
  outcome: 'success',
  items: 8,
  ready_ms: 1_000,
  begun_ms: 1_500,
  ended_ms: 1_540,
  times: { decode_ms: 4, preprocess_ms: 6, infer_ms: 30, result_ms: 0 },
  ...over,
});

async function after(...events: readonly EngineEvent[]): Promise<string[]> {
  const registry = new Registry();
  const { observe } = addEngineMetrics(registry);
  for (const event of events) observe(event);
  return (await registry.metrics()).split('\n');
}

describe('metrics of the engine', () => {
  it('tell of a task where it ran, for whom, how long it waited and how long it took', async () => {
    const lines = await after({ type: 'task-begun', device: 'gpu-0' }, task());
    const at = 'device="gpu-0",release="lung",version="1.2.0"';
    for (const line of [
      `collimator_inference_tasks_total{${at},priority="stat",task="items",outcome="success"} 1`,
      `collimator_inference_items_total{${at}} 8`,
      'collimator_inference_queue_seconds_sum{release="lung",version="1.2.0",priority="stat",task="items"} 0.5',
      `collimator_inference_compute_seconds_sum{${at},task="items"} 0.04`,
      `collimator_inference_compute_seconds_bucket{le="0.025",${at},task="items"} 0`,
      `collimator_inference_compute_seconds_bucket{le="0.05",${at},task="items"} 1`,
      `collimator_inference_step_seconds_total{${at},step="infer"} 0.03`,
      `collimator_inference_batch_items_bucket{le="8",${at}} 1`,
      'collimator_inference_last_success_timestamp_seconds{device="gpu-0"} 1.54',
      'collimator_inference_tasks_running{device="gpu-0"} 0',
    ])
      expect(lines).toContain(line);
  });

  it('count items of work that ended well only, and no time of what was lost', async () => {
    const lines = await after(task({ outcome: 'failure' }), task({ outcome: 'lost' }), task({ task: 'plan' }));
    const text = lines.join('\n');
    expect(text).not.toContain('collimator_inference_items_total{');
    expect(text).not.toContain('collimator_inference_batch_items_count{');
    const at = 'device="gpu-0",release="lung",version="1.2.0"';
    expect(lines).toContain(`collimator_inference_compute_seconds_count{${at},task="items"} 1`);
    expect(lines).toContain(`collimator_inference_tasks_total{${at},priority="stat",task="items",outcome="lost"} 1`);
  });

  it('tell of jobs, workers, batches and devices', async () => {
    const lines = await after(
      { type: 'device-state', device: 'gpu-0', state: 'starting' },
      { type: 'device-state', device: 'gpu-0', state: 'failed' },
      { type: 'worker-ended', device: 'gpu-0', why: 'stuck' },
      { type: 'batch-lowered', device: 'gpu-0', release, items: 4 },
      { type: 'task-begun', device: 'gpu-0' },
      {
        ...{ type: 'job-ended', jobId: 7, release, priority: 2, outcome: 'inferred' },
        ...{ queued_ms: 0, begun_ms: 3_000, ended_ms: 5_000 },
      },
    );
    const of = 'release="lung",version="1.2.0",priority="routine"';
    for (const line of [
      'collimator_inference_device_state{device="gpu-0",state="starting"} 0',
      'collimator_inference_device_state{device="gpu-0",state="failed"} 1',
      'collimator_inference_workers_ended_total{device="gpu-0",why="stuck"} 1',
      'collimator_inference_batch_lowered_total{device="gpu-0",release="lung",version="1.2.0"} 1',
      'collimator_inference_batch_items_max{device="gpu-0",release="lung",version="1.2.0"} 4',
      'collimator_inference_tasks_running{device="gpu-0"} 1',
      `collimator_inference_jobs_total{${of},outcome="inferred"} 1`,
      `collimator_inference_job_queue_seconds_sum{${of}} 3`,
      `collimator_inference_job_seconds_sum{${of}} 2`,
    ])
      expect(lines).toContain(line);
  });

  it('are bounded, whatever releases, versions and devices come along', async () => {
    const event = fc.record({ name: fc.nat(99), version: fc.nat(99), device: fc.nat(499) });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 300, maxLength: 400 }), async (all) => {
        const lines = await after(
          ...all.flatMap(({ name, version, device }): EngineEvent[] => [
            task({ device: `gpu-${device % 4}`, release: { name: `r${name}`, version: `1.0.${version}` } }),
            { type: 'device-state', device: `gpu-${device}`, state: 'ready' },
          ]),
        );
        const labelled = (name: string) => lines.filter((line) => line.startsWith(`${name}{`));
        expect(labelled('collimator_inference_items_total').length).toBeLessThanOrEqual(32 * 3 * 4);
        expect(labelled('collimator_inference_device_state').length).toBeLessThanOrEqual(128 * 4);
      }),
      { numRuns: 5 },
    );
  });

  it('tell what waits of every priority, also that nothing does', async () => {
    const registry = new Registry();
    addQueueMetrics(
      askIn(registry),
      () => [{ priority: 1, jobs: 3, oldest_ms: 4_000 }],
      () => 10_000,
    );
    const lines = (await registry.metrics()).split('\n');
    expect(lines.filter((line) => line.startsWith('collimator_'))).toEqual([
      'collimator_inference_queue_jobs{priority="stat"} 0',
      'collimator_inference_queue_jobs{priority="urgent"} 3',
      'collimator_inference_queue_jobs{priority="routine"} 0',
      'collimator_inference_queue_jobs{priority="background"} 0',
      'collimator_inference_queue_oldest_seconds{priority="stat"} 0',
      'collimator_inference_queue_oldest_seconds{priority="urgent"} 6',
      'collimator_inference_queue_oldest_seconds{priority="routine"} 0',
      'collimator_inference_queue_oldest_seconds{priority="background"} 0',
    ]);
  });
});
