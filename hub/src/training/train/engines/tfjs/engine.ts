import { CodedError } from '@collimator/shared/errors/coded-error';
import * as tf from '@tensorflow/tfjs-core';
import { exportChecked } from '../../../export/export-checked.ts';
import type { TrainedModel, TrainInput, TrainingEngine } from '../../engine.ts';
import { makeRandom } from '../../random.ts';
import { startBackend } from './backend.ts';
import { predictor, readWeights, trainModel } from './train.ts';
import { buildUnet } from './unet.ts';

/** The TensorFlow.js engine: U-Nets for one-channel slices, on the best backend that is installed. */
export function makeTfjsEngine(): TrainingEngine {
  return { name: 'tfjs', start: () => startBackend(), train };
}

async function train(input: TrainInput): Promise<TrainedModel> {
  const { spec, size } = input;
  const divisor = 2 ** (spec.network.channels.length - 1);
  if (size.rows % divisor !== 0 || size.columns % divisor !== 0)
    throw new CodedError(
      'training-spec-unsupported',
      `${spec.network.channels.length} levels need sides divisible by ${divisor}, preprocessing gives ${size.rows}×${size.columns}`,
    );
  const model = buildUnet(spec.network, size, makeRandom(spec.seed, 'weights'));
  const trained = trainModel(model, input);
  return {
    ...trained,
    parameters: model.countParams(),
    predict: predictor(model, size, spec.batch),
    weights: () => readWeights(model),
    async exportOnnx(names, images, parityAbsMax) {
      const pixels = size.rows * size.columns;
      const batches = spec.export.batch_sizes.map((batch) => {
        const count = Math.min(batch, images.length / pixels);
        return [{ data: images.subarray(0, count * pixels), dims: [count, size.rows, size.columns, 1] }];
      });
      const { onnx, parity } = await exportChecked(
        model,
        {
          opset: spec.export.opset,
          inputNames: [names.input],
          outputNames: [names.output],
          producer: { name: 'collimator tfjs', version: tf.version_core },
          batches,
        },
        parityAbsMax,
      );
      return { bytes: onnx, parityMaxAbsDiff: parity.max_abs_diff };
    },
    dispose: () => void model.dispose(),
  };
}
