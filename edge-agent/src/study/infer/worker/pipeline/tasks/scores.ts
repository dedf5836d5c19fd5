import type { Aggregation } from '@collimator/shared/contracts/release';
import { ok, type Result } from '@collimator/shared/result';
import type { Problem } from '../../../../decode/problem.ts';
import { sliceInputs, volumeInputs } from '../inputs.ts';
import type { ItemArrays } from '../chunk-file.ts';
import { runItems, type StageRun } from '../stage-run.ts';
import type { ItemRange } from '../work-folder.ts';
import type { Chunks } from './masks.ts';

/** Of models that give a few numbers for an item: classification and regression. */
export async function scoreItems(run: StageRun, range: ItemRange): Promise<Result<ItemArrays, Problem>> {
  const channels = run.model.outputs[0]?.channels ?? 0;
  const scores = new Float32Array((range.to - range.from) * channels);
  const inputs = run.stage.unit === 'volume' ? volumeInputs(run) : sliceInputs(run);
  const problem = await runItems(run, range, inputs, (item, [values]) =>
    scores.set(values as Float32Array, (item - range.from) * channels),
  );
  return problem === undefined ? ok({ scores }) : { ok: false, error: problem };
}

/** What the model gave for each item, in the order of the items. */
export async function collectScores(run: StageRun, chunks: Chunks): Promise<readonly Float32Array[]> {
  const channels = run.model.outputs[0]?.channels ?? 0;
  const items: Float32Array[] = [];
  for await (const { range, outputs } of chunks) {
    const scores = outputs.arrays['scores'] as Float32Array;
    for (let i = 0; i < range.to - range.from; i++) items.push(scores.subarray(i * channels, (i + 1) * channels));
  }
  return items;
}

/** How the answers for slices become one where the release does not say. */
export const aggregationDefault: Aggregation = { method: 'mean' };
