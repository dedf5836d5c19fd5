import { draftOf, type Lowering, onlyInput } from '../draft.ts';
import { type Attributes, int, ints } from '../graph.ts';
import { NCHW_TO_NHWC, NHWC_TO_NCHW } from '../permutation.ts';
import { choiceOption, pairOption, requireChannelsLast, spatialSize } from './options.ts';
import { windowPadding } from './padding.ts';

const pooling =
  (opType: string, extra: Attributes): Lowering =>
  (call, inputs) => {
    requireChannelsLast(call.layer);
    const draft = draftOf(call);
    const kernel = pairOption(call.layer, 'poolSize');
    const strides = pairOption(call.layer, 'strides');
    const padding = choiceOption(call.layer, 'padding', ['same', 'valid'], 'valid');
    const window = (axis: 0 | 1) => ({
      size: spatialSize(call, axis),
      kernel: kernel[axis],
      stride: strides[axis],
      dilation: 1,
    });
    const image = draft.op('Transpose', [onlyInput(inputs)], { perm: ints(NHWC_TO_NCHW) });
    const pooled = draft.op(opType, [image], {
      kernel_shape: ints(kernel),
      strides: ints(strides),
      ...windowPadding(padding, [window(0), window(1)]),
      ...extra,
    });
    return draft.done(draft.op('Transpose', [pooled], { perm: ints(NCHW_TO_NHWC) }));
  };

const globalPooling =
  (opType: string): Lowering =>
  (call, inputs) => {
    requireChannelsLast(call.layer);
    const draft = draftOf(call);
    const image = draft.op('Transpose', [onlyInput(inputs)], { perm: ints(NHWC_TO_NCHW) });
    // One pixel is left, so flattening [batch, channels, 1, 1] keeps the order of the channels.
    return draft.done(draft.op('Flatten', [draft.op(opType, [image])], { axis: int(1) }));
  };

export const maxPooling2D = pooling('MaxPool', {});
/** tfjs divides by the number of real pixels in the window. */
export const averagePooling2D = pooling('AveragePool', { count_include_pad: int(0) });
export const globalAveragePooling2D = globalPooling('GlobalAveragePool');
export const globalMaxPooling2D = globalPooling('GlobalMaxPool');
