import { draftOf, type Lowering, onlyInput } from '../draft.ts';
import { int, ints } from '../graph.ts';
import { numbersOption, requireChannelsLast, unsupportedOption } from './options.ts';

/** Dropout and noise layers do nothing at inference. */
export const passThrough: Lowering = (call, inputs) => draftOf(call).done(onlyInput(inputs));

/** Channels last order, as the Dense layer behind it was trained on. */
export const flatten: Lowering = (call, inputs) => {
  requireChannelsLast(call.layer);
  const draft = draftOf(call);
  return draft.done(draft.op('Flatten', [onlyInput(inputs)], { axis: int(1) }));
};

export const reshape: Lowering = (call, inputs) => {
  const draft = draftOf(call);
  const target = call.output.shape.slice(1);
  if (target.filter((dim) => dim === null).length > 1) {
    throw unsupportedOption(call.layer, 'targetShape', call.layer.config['targetShape'], 'more than one unknown size');
  }
  // 0 copies the batch from the input.
  const shape = draft.indices('shape', [0, ...target.map((dim) => dim ?? -1)]);
  return draft.done(draft.op('Reshape', [onlyInput(inputs), shape]));
};

export const permute: Lowering = (call, inputs) => {
  const draft = draftOf(call);
  const dims = numbersOption(call.layer, 'dims');
  return draft.done(draft.op('Transpose', [onlyInput(inputs)], { perm: ints([0, ...dims]) }));
};
