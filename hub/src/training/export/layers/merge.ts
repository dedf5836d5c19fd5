import { draftOf, type Lowering } from '../draft.ts';
import { int } from '../graph.ts';
import type { LayerCall } from '../model-facts.ts';
import { axisOption, inputRank, unsupportedOption } from './options.ts';

/** tfjs aligns tensors of different rank by rules of its own; ONNX has others. */
function requireEqualRanks(call: LayerCall): void {
  const shapes = call.inputs.map((input) => input.shape);
  if (shapes.some((shape) => shape.length !== inputRank(call))) {
    throw unsupportedOption(call.layer, 'input shapes', shapes, 'the ranks must be equal');
  }
}

/** An operator of two inputs, from left to right. */
const chain =
  (opType: string): Lowering =>
  (call, inputs) => {
    requireEqualRanks(call);
    const draft = draftOf(call);
    return draft.done(inputs.reduce((left, right) => draft.op(opType, [left, right])));
  };

const variadic =
  (opType: string): Lowering =>
  (call, inputs) => {
    requireEqualRanks(call);
    const draft = draftOf(call);
    return draft.done(draft.op(opType, inputs));
  };

export const add = chain('Add');
export const multiply = chain('Mul');
export const average = variadic('Mean');
export const maximum = variadic('Max');
export const minimum = variadic('Min');

export const concatenate: Lowering = (call, inputs) => {
  requireEqualRanks(call);
  const draft = draftOf(call);
  return draft.done(draft.op('Concat', inputs, { axis: int(axisOption(call, -1, inputRank(call))) }));
};
