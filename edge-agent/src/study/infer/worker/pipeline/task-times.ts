import type { TaskTimes } from '../../tasks.ts';
import type { ModelBatches } from './model-batches.ts';
import type { SliceThreads } from './slices/slice-threads.ts';

/**
 * Times of one task: what the threads spent since it began, and how long the model was waited for. Of tasks that run
 * side by side each is told what the threads spent on all of them.
 */
export function startTimes(threads: SliceThreads) {
  const before = threads.times();
  let infer_ms = 0;
  return {
    model: (model: ModelBatches): ModelBatches => ({
      ...model,
      async run(inputs, most, make) {
        const begun = performance.now();
        const outputs = await model.run(inputs, most, make);
        infer_ms += performance.now() - begun;
        return outputs;
      },
    }),
    times(): TaskTimes {
      const { decode_ms, preprocess_ms, finish_ms } = threads.times();
      return {
        decode_ms: decode_ms - before.decode_ms,
        preprocess_ms: preprocess_ms - before.preprocess_ms,
        infer_ms,
        result_ms: finish_ms - before.finish_ms,
      };
    },
  };
}

export type TimesSum = { -readonly [Key in keyof TaskTimes]: TaskTimes[Key] };

export function addTimes(sum: TimesSum, more: TaskTimes): void {
  sum.decode_ms += more.decode_ms;
  sum.preprocess_ms += more.preprocess_ms;
  sum.infer_ms += more.infer_ms;
  sum.result_ms += more.result_ms;
}
