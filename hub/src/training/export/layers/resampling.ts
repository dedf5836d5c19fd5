import { draftOf, type Lowering, onlyInput } from '../draft.ts';
import { ints, text } from '../graph.ts';
import type { LayerFacts } from '../model-facts.ts';
import { NCHW_TO_NHWC, NHWC_TO_NCHW } from '../permutation.ts';
import { choiceOption, pairOption, requireChannelsLast, unsupportedOption } from './options.ts';

const INT64_MAX = 9_223_372_036_854_775_807n;

/** UpSampling2D: source = target / scale (neither aligned corners nor half-pixel centres), floored for nearest. */
export const upSampling2D: Lowering = (call, inputs) => {
  requireChannelsLast(call.layer);
  const draft = draftOf(call);
  const [height, width] = pairOption(call.layer, 'size');
  const bilinear = choiceOption(call.layer, 'interpolation', ['nearest', 'bilinear'], 'nearest') === 'bilinear';
  const scales = draft.weight('scales', [4], Float32Array.of(1, 1, height, width));
  const image = draft.op('Transpose', [onlyInput(inputs)], { perm: ints(NHWC_TO_NCHW) });
  const resized = draft.op('Resize', [image, '', scales], {
    coordinate_transformation_mode: text('asymmetric'),
    mode: text(bilinear ? 'linear' : 'nearest'),
    nearest_mode: text('floor'),
  });
  return draft.done(draft.op('Transpose', [resized], { perm: ints(NCHW_TO_NHWC) }));
};

export const zeroPadding2D: Lowering = (call, inputs) => {
  requireChannelsLast(call.layer);
  const draft = draftOf(call);
  const [[top, bottom], [left, right]] = borders(call.layer, 'padding');
  const pads = draft.indices('pads', [0, 0, top, left, 0, 0, bottom, right]);
  const image = draft.op('Transpose', [onlyInput(inputs)], { perm: ints(NHWC_TO_NCHW) });
  const padded = draft.op('Pad', [image, pads], { mode: text('constant') });
  return draft.done(draft.op('Transpose', [padded], { perm: ints(NCHW_TO_NHWC) }));
};

export const cropping2D: Lowering = (call, inputs) => {
  requireChannelsLast(call.layer);
  const draft = draftOf(call);
  const [[top, bottom], [left, right]] = borders(call.layer, 'cropping');
  const end = (pixels: number) => (pixels === 0 ? INT64_MAX : -pixels);
  const image = draft.op('Transpose', [onlyInput(inputs)], { perm: ints(NHWC_TO_NCHW) });
  const cropped = draft.op('Slice', [
    image,
    draft.indices('starts', [top, left]),
    draft.indices('ends', [end(bottom), end(right)]),
    draft.indices('axes', [2, 3]),
  ]);
  return draft.done(draft.op('Transpose', [cropped], { perm: ints(NCHW_TO_NHWC) }));
};

type Border = readonly [begin: number, end: number];

/** [[top, bottom], [left, right]] in pixels. */
function borders(layer: LayerFacts, option: string): readonly [Border, Border] {
  const value = layer.config[option];
  const isBorder = (item: unknown): item is Border =>
    Array.isArray(item) && item.length === 2 && item.every((pixels) => Number.isInteger(pixels) && pixels >= 0);
  if (Array.isArray(value) && value.length === 2 && isBorder(value[0]) && isBorder(value[1]))
    return [value[0], value[1]];
  throw unsupportedOption(layer, option, value, 'not [[top, bottom], [left, right]] in pixels');
}
