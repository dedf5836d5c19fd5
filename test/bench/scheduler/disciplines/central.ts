import type { Discipline, Run, World } from '../simulate.ts';
import type { SimJob, SimRelease } from '../workload.ts';

type Waiting = { readonly job: SimJob; from: number; readonly lost: Run[] };

/**
 * One queue that every device that is free takes the next batch from: STAT first, then in order of arrival. With one
 * device this is the reference. `whole` jobs stay on the device that began them.
 */
export function createCentral({ releases, devices }: World, { whole }: { readonly whole: boolean }): Discipline {
  const [stat, others]: [Waiting[], Waiting[]] = [[], []];
  const begun: (Waiting | undefined)[] = devices.map(() => undefined);
  const waiting = new Map<number, Waiting>();
  const idle: boolean[] = devices.map(() => true);
  let up: readonly boolean[] = [];

  const hasWork = (one: Waiting): boolean => one.lost.length > 0 || one.from < one.job.items;

  function take(one: Waiting, device: number): Run {
    const again = one.lost.pop();
    if (again !== undefined) return { ...again, device };
    const items = Math.min((releases[one.job.release] as SimRelease).batch, one.job.items - one.from);
    const run = { device, job: one.job, from: one.from, items };
    one.from += items;
    return run;
  }

  function nextFor(device: number): Run | undefined {
    const own = begun[device];
    if (own !== undefined && hasWork(own)) return take(own, device);
    begun[device] = undefined;
    for (const queue of [stat, others]) {
      while (queue[0] !== undefined && !hasWork(queue[0])) queue.shift();
      const head = queue[0];
      if (head === undefined) continue;
      if (whole) {
        queue.shift();
        begun[device] = head;
      }
      return take(head, device);
    }
    return undefined;
  }

  return {
    arrive(job) {
      const one = { job, from: 0, lost: [] };
      waiting.set(job.id, one);
      (job.stat ? stat : others).push(one);
    },
    next() {
      const runs: Run[] = [];
      for (const device of devices.keys()) {
        if (up[device] !== true || idle[device] !== true) continue;
        const run = nextFor(device);
        if (run === undefined) continue;
        idle[device] = false;
        runs.push(run);
      }
      return runs;
    },
    ended(run, how, complete) {
      idle[run.device] = true;
      if (complete) waiting.delete(run.job.id);
      const one = waiting.get(run.job.id);
      if (how === 'done' || one === undefined) return;
      one.lost.push(run);
      begun[run.device] = undefined;
      const queue = run.job.stat ? stat : others;
      if (!queue.includes(one)) queue.unshift(one);
    },
    setUp(now) {
      up = now;
    },
  };
}
