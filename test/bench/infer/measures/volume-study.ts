import { availableParallelism } from 'node:os';
import { startBenchAgent } from '../agent/bench-agent.ts';
import { askProgram } from '../ask-program.ts';
import type { PartsFigures, PartsOrder } from '../parts-program.ts';
import type { BenchRelease } from '../releases.ts';

export type VolumeStudy = PartsFigures & {
  readonly repetition: number;
  readonly slices: number;
  /** From the study being complete to the PACS having all its results. */
  readonly study_ms: number;
};

/** Objects of a study: a SEG and an SR. */
const RESULTS = 2;

/** Studies of one series each through the appliance, and their parts called bare, in turn. */
export async function measureVolumeStudy(
  folder: string,
  release: BenchRelease,
  series: readonly (readonly string[])[],
): Promise<VolumeStudy[]> {
  const agent = await startBenchAgent(folder, {
    releases: [release],
    devices: Array.from({ length: availableParallelism() }, (_, i) => ({ cpu: { threads: 1 }, name: `cpu-${i}` })),
    quiet_s: 1,
  });
  const measured: VolumeStudy[] = [];
  try {
    for (const [index, files] of series.entries()) {
      await agent.send(files, 4);
      const complete = (await agent.counted('study-complete', index + 1)).at(-1);
      const sent = (await agent.counted('delivery-sent', RESULTS * (index + 1))).at(-1);
      const parts = await askProgram<PartsOrder, PartsFigures>('parts-program.js', { folder: release.folder, files });
      measured.push({
        ...{ repetition: index + 1, slices: files.length, ...parts },
        study_ms: (sent?.at_ms ?? Number.NaN) - (complete?.at_ms ?? Number.NaN),
      });
    }
  } finally {
    await agent.stop();
  }
  return measured;
}

export const partsOf_ms = ({ decode_ms, preprocess_ms, infer_ms, encode_ms }: PartsFigures): number =>
  decode_ms + preprocess_ms + infer_ms + encode_ms;
