import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { startBenchAgent } from '../agent/bench-agent.ts';
import { type BenchRelease, copyOfRelease } from '../releases.ts';

export type Swap = {
  readonly repetition: number;
  readonly undisturbed_p99_ms: number;
  readonly swap_p99_ms: number;
  readonly answered: number;
  readonly failed: number;
  /** Answers of the new release, which shows that there was a swap. */
  readonly byNew: number;
};

/** Requests of twice as many clients as workers, so that work always waits, first undisturbed and then over a swap. */
export async function measureSwap(
  folder: string,
  release: BenchRelease,
  repetitions: number,
  phase_ms: number,
): Promise<Swap[]> {
  const workers = availableParallelism();
  const agent = await startBenchAgent(folder, {
    releases: [release],
    devices: Array.from({ length: workers }, (_, i) => ({ cpu: { threads: 1 }, name: `cpu-${i}` })),
    quiet_s: 1,
  });
  const load = {
    ...{ release: release.ref.name, dims: [1, ...release.network.input], clients: 2 * workers, for_ms: phase_ms },
  };
  const measured: Swap[] = [];
  try {
    for (let repetition = 1; repetition <= repetitions; repetition++) {
      const undisturbed = await agent.requests(load);
      const version = `1.0.${repetition}`;
      const next = copyOfRelease(release, join(folder, `release-${version}`), version);
      const under = agent.requests({ ...load, untilBy: next.ref.sha256 });
      agent.use([next]);
      const swapped = await under;
      measured.push({
        repetition,
        undisturbed_p99_ms: percentile(undisturbed.latencies_ms, 0.99),
        swap_p99_ms: percentile(swapped.latencies_ms, 0.99),
        answered: swapped.answered,
        failed: swapped.failed.length,
        byNew: swapped.by[next.ref.sha256] ?? 0,
      });
    }
  } finally {
    await agent.stop();
  }
  return measured;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
