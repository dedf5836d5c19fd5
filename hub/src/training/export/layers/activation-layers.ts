import { draftOf, type Lowering, onlyInput } from '../draft.ts';
import { float, int, ints } from '../graph.ts';
import { NCHW_TO_NHWC, NHWC_TO_NCHW, transposed } from '../permutation.ts';
import { activate, clip } from './activation.ts';
import { axisOption, inputRank, numberOption, unsupportedOption, weightOf } from './options.ts';

export const activation: Lowering = (call, inputs) => {
  const draft = draftOf(call);
  const x = onlyInput(inputs);
  const y = activate(draft, x, call);
  return draft.done(y);
};

export const reLU: Lowering = (call, inputs) => {
  const draft = draftOf(call);
  const x = onlyInput(inputs);
  if (call.layer.config['maxValue'] == null) return draft.done(draft.op('Relu', [x]));
  return draft.done(clip(draft, x, 0, numberOption(call.layer, 'maxValue')));
};

export const leakyReLU: Lowering = (call, inputs) => {
  const draft = draftOf(call);
  return draft.done(draft.op('LeakyRelu', [onlyInput(inputs)], { alpha: float(numberOption(call.layer, 'alpha')) }));
};

export const eLU: Lowering = (call, inputs) => {
  const draft = draftOf(call);
  return draft.done(draft.op('Elu', [onlyInput(inputs)], { alpha: float(numberOption(call.layer, 'alpha')) }));
};

export const thresholdedReLU: Lowering = (call, inputs) => {
  const draft = draftOf(call);
  const alpha = float(numberOption(call.layer, 'theta'));
  return draft.done(draft.op('ThresholdedRelu', [onlyInput(inputs)], { alpha }));
};

/** The slope has the shape of one sample, with 1 on shared axes; on images it follows the channels to the front. */
export const pReLU: Lowering = (call, inputs) => {
  const draft = draftOf(call);
  const x = onlyInput(inputs);
  const alpha = weightOf(call.layer, 'alpha');
  if (inputRank(call) !== 4) {
    return draft.done(draft.op('PRelu', [x, draft.weight('alpha', alpha.dims, alpha.data)]));
  }
  const [height = 1, width = 1, channels = 1] = alpha.dims;
  const slope = draft.weight('alpha', [channels, height, width], transposed(alpha.data, alpha.dims, [2, 0, 1]));
  const image = draft.op('Transpose', [x], { perm: ints(NHWC_TO_NCHW) });
  return draft.done(draft.op('Transpose', [draft.op('PRelu', [image, slope])], { perm: ints(NCHW_TO_NHWC) }));
};

/** tfjs itself computes softmax over the last axis only. */
export const softmax: Lowering = (call, inputs) => {
  const draft = draftOf(call);
  const rank = inputRank(call);
  const axis = axisOption(call, 1, rank);
  if (axis !== rank - 1) throw unsupportedOption(call.layer, 'axis', axis, 'only the last axis');
  return draft.done(draft.op('Softmax', [onlyInput(inputs)], { axis: int(axis) }));
};
