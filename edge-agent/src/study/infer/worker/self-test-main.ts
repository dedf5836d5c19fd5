import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { decodeNpy } from '@collimator/shared/imaging/npy';
import { preprocessSeries } from '@collimator/shared/imaging/preprocess';
import type { SourceSlice } from '@collimator/shared/imaging/slice';
import type { SelfTestAnswer, SelfTestRequest } from '../self-test.ts';
import { readRelease } from './load-release.ts';
import { loadStageModel, type StageModel } from './ort-session.ts';

/** Entry of the process that runs the golden cases of one release and answers once. */
process.once('message', (request: SelfTestRequest) => {
  void selfTest(request)
    .catch((error: unknown): SelfTestAnswer => {
      if (error instanceof CodedError) return { ok: false, code: error.code, detail: error.detail };
      return { ok: false, code: 'self-test-failed', detail: error instanceof Error ? error.message : String(error) };
    })
    .then((answer) => process.send?.(answer, () => process.disconnect()));
});

async function selfTest({ folder, device }: SelfTestRequest): Promise<SelfTestAnswer> {
  const release = await readRelease(folder);
  const model = await loadStageModel(folder, release, device);
  let worst = 0;
  for (let n = 0; n < release.golden.cases; n++) worst = Math.max(worst, await differenceOf(model, folder, n));
  return { ok: true, max_abs_diff: worst };
}

/** Largest difference of the model's outputs from the golden ones; infinite for one that is not a number. */
async function differenceOf(model: StageModel, folder: string, n: number): Promise<number> {
  const read = async (name: string) => decodeNpy(await readFile(join(folder, name)), name);
  const pixels = await read(`golden/${n}.pixels.npy`);
  const expected = await read(`golden/${n}.expected.npy`);
  const [rows, columns] = pixels.shape.slice(-2) as [number, number];
  const count = pixels.shape.length === 2 ? 1 : (pixels.shape[0] as number);
  const slices = Array.from({ length: count }, (_, i): SourceSlice => {
    return { pixels: pixels.data.subarray(i * rows * columns, (i + 1) * rows * columns), rows, columns };
  });
  const series = preprocessSeries(slices, model.stage.preprocessing);
  const size = series.rows * series.columns;
  const planes = slices.map((_, i) => ({
    rows: series.rows,
    columns: series.columns,
    values: series.data.subarray(i * size, (i + 1) * size),
  }));
  const outputs = await model.run(planes);
  const total = outputs.reduce((sum, { values }) => sum + values.length, 0);
  if (total !== expected.data.length || total === 0)
    throw new CodedError('golden-mismatch', `case ${n}: ${total} values instead of ${expected.data.length}`);
  let worst = 0;
  let at = 0;
  for (const { values } of outputs)
    for (const value of values) {
      const difference = Math.abs(value - (expected.data[at++] as number));
      if (!(difference <= worst)) worst = Number.isFinite(difference) ? difference : Number.POSITIVE_INFINITY;
    }
  return worst;
}
