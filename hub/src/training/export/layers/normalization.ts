import { draftOf, type Lowering, onlyInput } from '../draft.ts';
import { float, ints } from '../graph.ts';
import { inverse } from '../permutation.ts';
import { axisOption, inputRank, numberOption, unsupportedOption, weightOf } from './options.ts';

/** BatchNormalization at inference, over the last axis: γ (x − μ) / √(σ² + ε) + β, with γ = 1 or β = 0 where left out. */
export const batchNormalization: Lowering = (call, inputs) => {
  const draft = draftOf(call);
  const x = onlyInput(inputs);
  const rank = inputRank(call);
  const axis = axisOption(call, -1, rank);
  if (axis !== rank - 1) throw unsupportedOption(call.layer, 'axis', axis, 'only the last axis');
  const mean = weightOf(call.layer, 'moving_mean');
  const variance = weightOf(call.layer, 'moving_variance');
  const gamma = call.layer.weights['gamma']?.data ?? new Float32Array(mean.data.length).fill(1);
  const beta = call.layer.weights['beta']?.data ?? new Float32Array(mean.data.length);
  const parameters = [
    draft.weight('gamma', mean.dims, gamma),
    draft.weight('beta', mean.dims, beta),
    draft.weight('moving_mean', mean.dims, mean.data),
    draft.weight('moving_variance', mean.dims, variance.data),
  ];
  const epsilon = float(numberOption(call.layer, 'epsilon'));
  if (rank === 2) return draft.done(draft.op('BatchNormalization', [x, ...parameters], { epsilon }));
  const toFront = [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)];
  const image = draft.op('Transpose', [x], { perm: ints(toFront) });
  const y = draft.op('BatchNormalization', [image, ...parameters], { epsilon });
  return draft.done(draft.op('Transpose', [y], { perm: ints(inverse(toFront)) }));
};
