import { availableParallelism } from 'node:os';
import { once } from 'node:events';
import { startBenchAgent, startChild } from '../agent/bench-agent.ts';
import type { FromAgent } from '../agent/protocol.ts';
import type { BenchRelease } from '../releases.ts';

export type LoopUnderLoad = { readonly repetition: number; readonly p99_ms: number; readonly idle_p99_ms: number };

/** More than every worker can take meanwhile: the devices are busy as long as images come. */
const QUIET_S = 1;
const ASSOCIATIONS = 4;

/**
 * Delay of the supervisor's event loop while all devices work and studies come in over four associations, and that of a
 * Node process beside it that does nothing.
 *
 * @param rounds of each: `first` keeps the devices busy, `meanwhile` comes in then
 */
export async function measureLoopUnderLoad(
  folder: string,
  release: BenchRelease,
  rounds: readonly { readonly first: readonly string[]; readonly meanwhile: readonly string[] }[],
): Promise<LoopUnderLoad[]> {
  const agent = await startBenchAgent(folder, {
    releases: [release],
    devices: Array.from({ length: availableParallelism() }, (_, i) => ({ cpu: { threads: 1 }, name: `cpu-${i}` })),
    quiet_s: QUIET_S,
  });
  const idle = startChild('idle-program.js');
  const measured: LoopUnderLoad[] = [];
  let jobs = 0;
  try {
    for (const [round, { first, meanwhile }] of rounds.entries()) {
      await agent.send(first, ASSOCIATIONS);
      await agent.counted('job-started', ++jobs);
      agent.resetLoopDelay();
      idle.send({ type: 'reset-loop-delay' });
      await agent.send(meanwhile, ASSOCIATIONS);
      const p99_ms = await agent.loopDelayP99_ms();
      idle.send({ type: 'loop-delay' });
      const [answer] = (await once(idle, 'message')) as [FromAgent & { type: 'loop-delay' }];
      measured.push({ repetition: round + 1, p99_ms, idle_p99_ms: answer.p99_ms });
      await agent.counted('job-inferred', ++jobs);
    }
  } finally {
    idle.disconnect();
    await agent.stop();
  }
  return measured;
}
