import { type Draft, draftOf, type Lowering, onlyInput } from '../draft.ts';
import { type Attributes, int, ints } from '../graph.ts';
import type { LayerCall } from '../model-facts.ts';
import { NCHW_TO_NHWC, NHWC_TO_NCHW, transposed } from '../permutation.ts';
import { activate } from './activation.ts';
import { choiceOption, pairOption, requireChannelsLast, spatialSize, unsupportedOption, weightOf } from './options.ts';
import { windowPadding } from './padding.ts';

const PADDINGS = ['same', 'valid'] as const;

/** Conv2D: kernel [height, width, in, out] → [out, in, height, width]. */
export const conv2D: Lowering = (call, inputs) => {
  const draft = draftOf(call);
  const kernel = weightOf(call.layer, 'kernel');
  const [height = 0, width = 0, channels = 0, filters = 0] = kernel.dims;
  const weight = draft.weight(
    'kernel',
    [filters, channels, height, width],
    transposed(kernel.data, kernel.dims, [3, 2, 0, 1]),
  );
  const attributes = { ...slidingWindow(call, pairOption(call.layer, 'dilationRate')), group: int(1) };
  return finish(draft, call, 'Conv', onlyInput(inputs), weight, attributes);
};

/**
 * DepthwiseConv2D: kernel [height, width, in, multiplier] → one group per input channel, [in × multiplier, 1, height,
 * width]; output channel in × multiplier + m, in both. tfjs drops the layer's dilation, so a dilated one is refused.
 */
export const depthwiseConv2D: Lowering = (call, inputs) => {
  requireUndilated(call, 'tfjs ignores the dilation of this layer');
  const draft = draftOf(call);
  const kernel = weightOf(call.layer, 'depthwise_kernel');
  const [height = 0, width = 0, channels = 0, multiplier = 0] = kernel.dims;
  const weight = draft.weight(
    'depthwise_kernel',
    [channels * multiplier, 1, height, width],
    transposed(kernel.data, kernel.dims, [2, 3, 0, 1]),
  );
  const attributes = { ...slidingWindow(call, [1, 1]), group: int(channels) };
  return finish(draft, call, 'Conv', onlyInput(inputs), weight, attributes);
};

/**
 * Conv2DTranspose: kernel [height, width, out, in] → [in, out, height, width]. tfjs's output has size × stride pixels
 * (SAME), or size × stride + max(kernel − stride, 0) (VALID), whatever the size: pads and output padding follow.
 */
export const conv2DTranspose: Lowering = (call, inputs) => {
  requireChannelsLast(call.layer);
  requireUndilated(call, 'tfjs ignores the dilation of this layer');
  const draft = draftOf(call);
  const kernel = weightOf(call.layer, 'kernel');
  const [height = 0, width = 0, filters = 0, channels = 0] = kernel.dims;
  const strides = pairOption(call.layer, 'strides');
  const same = choiceOption(call.layer, 'padding', PADDINGS, 'valid') === 'same';
  const excess = [height - strides[0], width - strides[1]];
  const total = excess.map((pixels) => (same ? Math.max(pixels, 0) : 0));
  const begin = total.map((pixels) => Math.floor(pixels / 2));
  const end = total.map((pixels, axis) => pixels - (begin[axis] ?? 0));
  const weight = draft.weight(
    'kernel',
    [channels, filters, height, width],
    transposed(kernel.data, kernel.dims, [3, 2, 0, 1]),
  );
  return finish(draft, call, 'ConvTranspose', onlyInput(inputs), weight, {
    dilations: ints([1, 1]),
    group: int(1),
    kernel_shape: ints([height, width]),
    output_padding: ints(excess.map((pixels) => Math.max(-pixels, 0))),
    pads: ints([...begin, ...end]),
    strides: ints(strides),
  });
};

function requireUndilated(call: LayerCall, why: string): void {
  const rates = call.layer.config['dilationRate'];
  const dilated = Array.isArray(rates) ? rates.some((rate) => rate !== 1) : (rates ?? 1) !== 1;
  if (dilated) throw unsupportedOption(call.layer, 'dilationRate', rates, why);
}

function slidingWindow(call: LayerCall, dilations: readonly [number, number]): Attributes {
  requireChannelsLast(call.layer);
  const kernel = pairOption(call.layer, 'kernelSize');
  const strides = pairOption(call.layer, 'strides');
  const padding = choiceOption(call.layer, 'padding', PADDINGS, 'valid');
  const window = (axis: 0 | 1) => ({
    size: spatialSize(call, axis),
    kernel: kernel[axis],
    stride: strides[axis],
    dilation: dilations[axis],
  });
  return {
    dilations: ints(dilations),
    kernel_shape: ints(kernel),
    strides: ints(strides),
    ...windowPadding(padding, [window(0), window(1)]),
  };
}

function finish(draft: Draft, call: LayerCall, op: string, input: string, weight: string, attributes: Attributes) {
  const bias = call.layer.weights['bias'];
  const image = draft.op('Transpose', [input], { perm: ints(NHWC_TO_NCHW) });
  const operands = bias === undefined ? [image, weight] : [image, weight, draft.weight('bias', bias.dims, bias.data)];
  const y = draft.op('Transpose', [draft.op(op, operands, attributes)], { perm: ints(NCHW_TO_NHWC) });
  return draft.done(activate(draft, y, call));
}
