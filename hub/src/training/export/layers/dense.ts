import { draftOf, type Lowering, onlyInput } from '../draft.ts';
import { activate } from './activation.ts';
import { inputRank, weightOf } from './options.ts';

/** Dense: over the last axis of a tensor of any rank; on matrices as one Gemm. */
export const dense: Lowering = (call, inputs) => {
  const draft = draftOf(call);
  const x = onlyInput(inputs);
  const kernel = weightOf(call.layer, 'kernel');
  const bias = call.layer.weights['bias'];
  const weight = draft.weight('kernel', kernel.dims, kernel.data);
  const offset = bias === undefined ? [] : [draft.weight('bias', bias.dims, bias.data)];
  if (inputRank(call) === 2 && offset.length === 1) {
    return draft.done(activate(draft, draft.op('Gemm', [x, weight, ...offset]), call));
  }
  const product = draft.op('MatMul', [x, weight]);
  const y = offset.length === 0 ? product : draft.op('Add', [product, ...offset]);
  return draft.done(activate(draft, y, call));
};
