import { join } from 'node:path';
import { treeRss_mb } from '../../process-tree.ts';
import { startBenchAgent } from '../agent/bench-agent.ts';
import { type BenchRelease, copyOfRelease } from '../releases.ts';

export type Memory = { readonly jobs: number; readonly swaps: number; readonly rss_mb: number };

export type MemoryPlan = {
  /** Jobs after which memory is read first, and at the end. */
  readonly firstJobs: number;
  readonly jobs: number;
  readonly firstSwaps: number;
  readonly swaps: number;
  /** Files of so many studies; study by study. */
  readonly studies: (from: number, count: number) => readonly string[];
  readonly progress: (text: string) => void;
};

/** Time for what was let go to be given back. */
const SETTLE_MS = 5_000;

/** Resident memory of the appliance and all its processes after some jobs and swaps, and after ten times as many. */
export async function measureMemory(
  folder: string,
  release: BenchRelease,
  plan: MemoryPlan,
): Promise<readonly [Memory, Memory]> {
  const agent = await startBenchAgent(folder, {
    releases: [release],
    devices: [{ cpu: { threads: 1 } }],
    quiet_s: 0.5,
  });
  const perSwap = Math.floor(plan.jobs / plan.swaps);
  let done = 0;
  try {
    const until = async (jobs: number, swaps: number, from: number): Promise<Memory> => {
      for (let swap = from + 1; swap <= swaps; swap++) {
        const version = `1.0.${swap}`;
        agent.use([copyOfRelease(release, join(folder, `release-${version}`), version)]);
        const count = swap === swaps ? jobs - done : Math.min(perSwap, jobs - done);
        await agent.send(plan.studies(done, count), 1);
        done += count;
        await agent.counted('job-inferred', done);
        plan.progress(`memory: ${done} jobs, ${swap} swaps, ${Math.round(treeRss_mb(agent.pid))} MB`);
      }
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      return { jobs: done, swaps, rss_mb: treeRss_mb(agent.pid) };
    };
    const first = await until(plan.firstJobs, plan.firstSwaps, 0);
    return [first, await until(plan.jobs, plan.swaps, plan.firstSwaps)];
  } finally {
    await agent.stop();
  }
}
