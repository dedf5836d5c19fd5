import { createCostModel, type CostReading } from '@collimator/edge-agent/study/queue/schedule/cost-model';
import { createScheduler } from '@collimator/edge-agent/study/queue/schedule/create-scheduler';
import { defaultPolicy, type SchedulePolicy } from '@collimator/edge-agent/study/queue/schedule/policy';
import type { Slot } from '@collimator/edge-agent/study/queue/schedule/scheduler';
import type { Discipline, Run, World } from '../simulate.ts';
import type { SimRelease } from '../workload.ts';

/** The agent's scheduler, with the costs that it starts from; nothing of the world is known to it but these. */
export function createProduction(
  { releases, devices }: World,
  restore: readonly CostReading[],
  policy: SchedulePolicy = defaultPolicy,
): Discipline {
  const scheduler = createScheduler({ costs: createCostModel({ restore }), policy });
  const slots: readonly Slot[] = devices.map(({ name }) => ({
    id: name,
    device: name,
    releases: releases.map(({ name }) => name),
  }));
  const indexOf = new Map(slots.map(({ id }, index) => [id, index]));
  const jobs = new Map<string, Run['job']>();
  const chunks = new Map<Run, number>();

  return {
    arrive(job, now_ms) {
      const { name, batch } = releases[job.release] as SimRelease;
      const id = String(job.id);
      jobs.set(id, job);
      scheduler.add(
        {
          ...{ id, priority: job.stat ? 0 : 2, arrival_ms: job.arrival_ms, share: 1 },
          steps: [{ key: name, release: name, items: job.items, chunkItemsMax: batch }],
        },
        now_ms,
      );
    },
    next: (now_ms) =>
      scheduler.next(now_ms).map(({ slot, chunk: { id, jobId, from, to } }) => {
        const run = { device: indexOf.get(slot) as number, job: jobs.get(jobId) as Run['job'], from, items: to - from };
        chunks.set(run, id);
        return run;
      }),
    ended(run, how, complete, now_ms) {
      const ofItsOwn = scheduler.ended(chunks.get(run) as number, how, now_ms);
      if (ofItsOwn !== complete) throw new Error('the scheduler and the simulator disagree on what is done');
      chunks.delete(run);
      if (!complete) return;
      scheduler.remove(String(run.job.id));
      jobs.delete(String(run.job.id));
    },
    setUp(up, now_ms) {
      scheduler.setSlots(
        slots.filter((_, index) => up[index]),
        now_ms,
      );
    },
    wakeAt_ms: (now_ms) => scheduler.wakeAt_ms(now_ms),
  };
}

/** Costs as they are learned in time, from those of the world: what a device takes is `1 / speed` times them. */
export const costsOf = (releases: readonly SimRelease[], speeds: Readonly<Record<string, number>>): CostReading[] =>
  Object.entries(speeds).flatMap(([device, speed]) =>
    releases.map(({ name, fixed_ms, perItem_ms, batch }) => ({
      ...{ device, key: name, fixed_ms: fixed_ms / speed, perItem_ms: perItem_ms / speed },
      fixedVariance: (0.2 * fixed_ms) / speed / speed,
      perItemVariance: (0.05 * perItem_ms) / speed / speed,
      ...{ covariance: 0, readings: 100, usualItems: batch },
    })),
  );
