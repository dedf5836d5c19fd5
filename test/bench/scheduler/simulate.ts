import { doneAt_ms, factorAt, type SimDevice } from './device-speed.ts';
import { createEventQueue } from './event-queue.ts';
import { drawnFor } from './random.ts';
import type { SimJob, SimRelease } from './workload.ts';

/** Items of a job that a device, named by its index, is to run at one go. */
export type Run = { readonly device: number; readonly job: SimJob; readonly from: number; readonly items: number };

/** Decides what runs where. It learns only what a dispatcher would: arrivals, ends, and which devices are up. */
export type Discipline = {
  arrive(job: SimJob, now_ms: number): void;
  /** Runs for idle devices that are up. */
  next(now_ms: number): readonly Run[];
  /** @param complete whether that was the last of its job */
  ended(run: Run, how: 'done' | 'lost', complete: boolean, now_ms: number): void;
  setUp(up: readonly boolean[], now_ms: number): void;
  /** When to ask `next` though nothing happened. */
  wakeAt_ms?(now_ms: number): number | undefined;
};

export type Simulated = {
  /** By the id of the job: from its arrival until its last item was done, milliseconds. */
  readonly response_ms: Float64Array;
  /** Time that devices were busy with runs that came to an end, by device. */
  readonly busy_ms: readonly number[];
  /** Work of these runs at speed 1, without noise. */
  readonly work_ms: number;
  readonly runs: number;
  /** When the last job was done. */
  readonly end_ms: number;
};

export type World = {
  readonly releases: readonly SimRelease[];
  readonly devices: readonly SimDevice[];
  readonly jobs: readonly SimJob[];
  readonly seed: number;
  /** A run takes up to this much more or less than it should, evenly spread; 0 is exact. */
  readonly noise: number;
};

type Event =
  | { readonly type: 'arrival'; readonly job: SimJob }
  | { readonly type: 'end'; readonly run: Run; readonly work_ms: number; readonly started_ms: number }
  | { readonly type: 'devices' }
  | { readonly type: 'wake' };

/** Runs all jobs to their end under a discipline, and holds it to the rules while it does. */
export function simulate({ releases, devices, jobs, seed, noise }: World, discipline: Discipline): Simulated {
  const events = createEventQueue<Event>();
  for (const job of jobs) events.push(job.arrival_ms, { type: 'arrival', job });
  for (const { changes } of devices) for (const { from_ms } of changes) events.push(from_ms, { type: 'devices' });

  const running: (Run | undefined)[] = devices.map(() => undefined);
  const left = jobs.map(({ items }) => items);
  const response_ms = new Float64Array(jobs.length).fill(Number.NaN);
  const busy_ms = devices.map(() => 0);
  let [work, runs, end_ms, open] = [0, 0, 0, jobs.length];
  let up = devices.map((device) => factorAt(device, 0) > 0);
  discipline.setUp(up, 0);

  function begin(run: Run, now_ms: number): void {
    const device = devices[run.device] as SimDevice;
    const { fixed_ms, perItem_ms } = releases[run.job.release] as SimRelease;
    if (running[run.device] !== undefined || up[run.device] !== true) throw new Error('a device that is not free');
    if (run.items < 1 || run.from + run.items > run.job.items) throw new Error('items that the job has not');
    running[run.device] = run;
    const work_ms = fixed_ms + perItem_ms * run.items;
    const wobble = 1 + noise * (2 * drawnFor(seed, run.job.id, run.from) - 1);
    const until_ms = doneAt_ms(device, now_ms, work_ms * wobble);
    if (Number.isFinite(until_ms)) events.push(until_ms, { type: 'end', run, work_ms, started_ms: now_ms });
  }

  function end(run: Run, how: 'done' | 'lost', now_ms: number): void {
    running[run.device] = undefined;
    const { id, arrival_ms } = run.job;
    if (how === 'done') left[id] = (left[id] as number) - run.items;
    if ((left[id] as number) < 0) throw new Error(`items of job ${id} ran twice`);
    const complete = left[id] === 0;
    if (complete) {
      response_ms[id] = now_ms - arrival_ms;
      open--;
      end_ms = now_ms;
    }
    discipline.ended(run, how, complete, now_ms);
  }

  let woken_ms = Number.POSITIVE_INFINITY;
  for (let next = events.pop(); next !== undefined && open > 0; next = events.pop()) {
    const { at_ms: now_ms, event } = next;
    if (event.type === 'arrival') discipline.arrive(event.job, now_ms);
    else if (event.type === 'end') {
      if (running[event.run.device] !== event.run) continue; // Lost before.
      busy_ms[event.run.device] = (busy_ms[event.run.device] as number) + now_ms - event.started_ms;
      work += event.work_ms;
      runs++;
      end(event.run, 'done', now_ms);
    } else if (event.type === 'devices') {
      up = devices.map((device) => factorAt(device, now_ms) > 0);
      discipline.setUp(up, now_ms);
      for (const [index, run] of running.entries())
        if (run !== undefined && up[index] !== true) end(run, 'lost', now_ms);
    } else woken_ms = Number.POSITIVE_INFINITY;
    for (const run of discipline.next(now_ms)) begin(run, now_ms);
    const wake_ms = discipline.wakeAt_ms?.(now_ms) ?? Number.POSITIVE_INFINITY;
    if (wake_ms < woken_ms) events.push((woken_ms = wake_ms), { type: 'wake' });
  }
  if (open > 0) throw new Error(`${open} jobs were never done`);
  return { response_ms, busy_ms, work_ms: work, runs, end_ms };
}
