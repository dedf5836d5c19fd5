import { availableParallelism } from 'node:os';
import { treeCpu_ms } from '../../process-tree.ts';
import type { BenchAgent } from '../agent/bench-agent.ts';
import { startBenchAgent } from '../agent/bench-agent.ts';
import { bareLoops } from '../bare.ts';
import type { BenchRelease } from '../releases.ts';

export type PerItem = {
  readonly model: string;
  readonly repetition: number;
  readonly items: number;
  /** CPU of the appliance and all its processes, from the first task to the last result, for each image. */
  readonly agent_cpu_ms: number;
  /** Of bare loops that decode and preprocess by the same code before each `session.run`. */
  readonly bare_cpu_ms: number;
  readonly agent_items_per_s: number;
  /** Of as many bare loops as workers, of `session.run` alone. */
  readonly bare_items_per_s: number;
  readonly loop_p99_ms: number;
};

export type PerItemLoad = {
  readonly folder: string;
  readonly release: BenchRelease;
  /** For each repetition the series that are sent together, each of which is a job. */
  readonly series: readonly (readonly (readonly string[])[])[];
  readonly progress: (text: string) => void;
};

/** Between the last image and the first task: what is measured has nothing of receiving in it. */
const QUIET_S = 2;

/** The appliance and the bare loop in turn, with as many workers as cores. */
export async function measurePerItem({ folder, release, series, progress }: PerItemLoad): Promise<PerItem[]> {
  const workers = availableParallelism();
  const agent = await startBenchAgent(folder, {
    releases: [release],
    devices: Array.from({ length: workers }, (_, i) => ({ cpu: { threads: 1 }, name: `cpu-${i}` })),
    quiet_s: QUIET_S,
  });
  const measured: PerItem[] = [];
  try {
    let jobs = 0;
    for (const [repetition, together] of series.entries()) {
      const files = together.flat();
      const ours = await runSeries(agent, files, jobs, together.length);
      jobs += together.length;
      const share = Math.ceil(files.length / workers);
      const order = { model: release.model, inputDims: release.network.input, batch: 4, items: share };
      // As many at once as the appliance has workers: beside others, the same work takes a core longer.
      const whole = await bareLoops(workers, { ...order, files, preprocessing: release.preprocessing });
      const runs = await bareLoops(workers, order);
      measured.push({
        ...{ model: release.ref.name, repetition: repetition + 1, items: files.length, ...ours },
        bare_cpu_ms: whole.reduce((sum, { cpu_ms }) => sum + cpu_ms, 0) / (workers * share),
        bare_items_per_s: runs.reduce((sum, { wall_ms }) => sum + (1000 * share) / wall_ms, 0),
      });
      progress(`${release.ref.name} ${repetition + 1}: ${JSON.stringify(measured.at(-1))}`);
    }
  } finally {
    await agent.stop();
  }
  return measured;
}

async function runSeries(
  agent: BenchAgent,
  files: readonly string[],
  jobsBefore: number,
  jobs: number,
): Promise<Pick<PerItem, 'agent_cpu_ms' | 'agent_items_per_s' | 'loop_p99_ms'>> {
  await agent.send(files, 4);
  agent.resetLoopDelay();
  const before_ms = treeCpu_ms(agent.pid);
  const [begun, ended] = await Promise.all([
    agent.counted('job-started', jobsBefore + jobs).then((all) => all[jobsBefore]),
    agent.counted('job-inferred', jobsBefore + jobs).then((all) => all.at(-1)),
  ]);
  const cpu_ms = treeCpu_ms(agent.pid) - before_ms;
  const took_ms = (ended?.at_ms ?? Number.NaN) - (begun?.at_ms ?? Number.NaN);
  return {
    agent_cpu_ms: cpu_ms / files.length,
    agent_items_per_s: (1000 * files.length) / took_ms,
    loop_p99_ms: await agent.loopDelayP99_ms(),
  };
}
