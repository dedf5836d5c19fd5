import type { Discipline, Run, World } from '../simulate.ts';
import { type SimJob, type SimRelease, work_ms } from '../workload.ts';

export type Choice = 'round robin' | 'least outstanding' | 'shortest expected delay';

type Queued = { readonly job: SimJob; from: number };

/**
 * A balancer in front of servers with a queue each: a series goes to one of them as it comes and stays there, in
 * batches of the best size; each server takes STAT first, then in order of arrival. When a server fails, what it had
 * goes through the balancer again, less what is done. `shortest expected delay` is told the true costs and speeds.
 */
export function createDispatched({ releases, devices }: World, choice: Choice): Discipline {
  const queues = devices.map((): { now: Queued | undefined; stat: Queued[]; others: Queued[] } => ({
    ...{ now: undefined, stat: [], others: [] },
  }));
  const busy = devices.map(() => false);
  let up: readonly boolean[] = [];
  let turn = 0;
  /** What comes while every server is down. */
  let homeless: Queued[] = [];

  const all = (index: number): Queued[] => {
    const queue = queues[index];
    return queue === undefined ? [] : [...(queue.now === undefined ? [] : [queue.now]), ...queue.stat, ...queue.others];
  };
  const left_ms = ({ job, from }: Queued): number => work_ms(releases[job.release] as SimRelease, job.items - from);

  /** Time until it would be done there: behind what goes before it. */
  function delay_ms(index: number, one: Queued): number {
    const before = one.job.stat ? all(index).filter(({ job }, at) => at === 0 || job.stat) : all(index);
    const sum_ms = before.reduce((sum, other) => sum + left_ms(other), left_ms(one));
    return sum_ms / (devices[index]?.speed ?? 1);
  }

  function choose(one: Queued): number | undefined {
    const open = [...devices.keys()].filter((index) => up[index]);
    if (choice === 'round robin') return open.length === 0 ? undefined : open[turn++ % open.length];
    const value = (index: number): number =>
      choice === 'least outstanding' ? all(index).length : delay_ms(index, one);
    return open.reduce<number | undefined>(
      (best, index) => (best === undefined || value(index) < value(best) ? index : best),
      undefined,
    );
  }

  function dispatch(one: Queued): void {
    const queue = queues[choose(one) ?? -1];
    if (queue === undefined) homeless.push(one);
    else (one.job.stat ? queue.stat : queue.others).push(one);
  }

  function nextFor(index: number): Run | undefined {
    const queue = queues[index];
    if (queue === undefined) return undefined;
    queue.now ??= queue.stat.shift() ?? queue.others.shift();
    if (queue.now === undefined) return undefined;
    const { job, from } = queue.now;
    return { device: index, job, from, items: Math.min((releases[job.release] as SimRelease).batch, job.items - from) };
  }

  return {
    arrive: (job) => dispatch({ job, from: 0 }),
    next() {
      const runs: Run[] = [];
      for (const index of devices.keys()) {
        const run = up[index] === true && busy[index] !== true ? nextFor(index) : undefined;
        if (run === undefined) continue;
        busy[index] = true;
        runs.push(run);
      }
      return runs;
    },
    ended(run, how, complete) {
      busy[run.device] = false;
      const queue = queues[run.device];
      if (how === 'lost' || queue?.now === undefined) return;
      queue.now.from += run.items;
      if (complete) queue.now = undefined;
    },
    setUp(now) {
      const gone = [...devices.keys()].filter((index) => up[index] === true && now[index] !== true);
      up = now;
      const again = [...homeless, ...gone.flatMap(all)];
      homeless = [];
      for (const index of gone) queues[index] = { now: undefined, stat: [], others: [] };
      for (const one of again) dispatch(one);
    },
  };
}
