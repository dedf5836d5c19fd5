import { execFileSync } from 'node:child_process';
import { startBenchAgent } from '../agent/bench-agent.ts';
import { bareLoops } from '../bare.ts';
import type { BenchRelease } from '../releases.ts';

export type Kill = {
  readonly repetition: number;
  /** From the SIGKILL to the result of the job that it had. */
  readonly recovery_ms: number;
  /** Loading, warming and running all of the job in a bare loop. */
  readonly bare_ms: number;
  readonly results: number;
};

/** One device, whose worker is killed in the middle of a job; a bare loop that does the same from nothing beside it. */
export async function measureKill(
  folder: string,
  release: BenchRelease,
  series: readonly (readonly string[])[],
): Promise<Kill[]> {
  const agent = await startBenchAgent(folder, { releases: [release], devices: [{ cpu: { threads: 1 } }], quiet_s: 1 });
  const measured: Kill[] = [];
  try {
    for (const [index, files] of series.entries()) {
      const repetition = index + 1;
      await agent.send(files, 1);
      const begun = (await agent.counted('job-started', repetition)).length;
      // In the middle of the images: two tasks have begun, the plan and the first chunk.
      const started = agent.events.filter(({ name }) => name === 'task-started').length;
      await agent.counted('task-started', Math.max(started, begun) + 1);
      for (const pid of workersOf(agent.pid)) process.kill(pid, 'SIGKILL');
      const killed_ms = Date.now();
      const ended = (await agent.counted('job-inferred', repetition)).at(-1);
      const { preprocessing } = release;
      const [bare] = await bareLoops(1, {
        ...{
          model: release.model,
          inputDims: release.network.input,
          batch: 4,
          items: files.length,
          files,
          preprocessing,
        },
      });
      measured.push({
        repetition,
        recovery_ms: (ended?.at_ms ?? Number.NaN) - killed_ms,
        bare_ms: bare === undefined ? Number.NaN : bare.load_ms + bare.warm_ms + bare.wall_ms,
        results: agent.events.filter(({ name }) => name === 'job-inferred').length - index,
      });
    }
  } finally {
    await agent.stop();
  }
  return measured;
}

/** The inference processes of an appliance. */
function workersOf(parent: number): number[] {
  const text = execFileSync('ps', ['--ppid', String(parent), '-o', 'pid=,args='], { encoding: 'utf8' });
  return text
    .split('\n')
    .filter((line) => line.includes('worker/main.js'))
    .map((line) => Number.parseInt(line, 10));
}
