import type { Tensor } from '@collimator/shared/contracts/release';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { MakeValues } from '@collimator/shared/imaging/slice';

/** What one item has of a tensor: channels, and the size along the other axes in their order. */
export type ItemShape = {
  readonly channels: number;
  readonly sides: readonly number[];
  readonly channelsLast: boolean;
};

/** Where the channels stand, and how many axes there are beside them and the batch. */
const layouts: Readonly<Record<Tensor['layout'], { readonly last: boolean; readonly sides: number }>> = {
  NCHW: { last: false, sides: 2 },
  NHWC: { last: true, sides: 2 },
  NCDHW: { last: false, sides: 3 },
  NDHWC: { last: true, sides: 3 },
  NC: { last: false, sides: 0 },
  NLC: { last: true, sides: 1 },
};

/** @throws CodedError `inference-release-unsupported` for a shape that is not of its layout */
export function itemShapeOf({ name, layout, shape }: Tensor): ItemShape {
  const { last, sides } = layouts[layout];
  const [batch, ...rest] = shape;
  const fixed = rest.filter((side) => typeof side === 'number');
  if (batch !== 'batch' || fixed.length !== rest.length || rest.length !== sides + 1)
    throw new CodedError('inference-release-unsupported', `${name} is not [batch, ${sides + 1} fixed numbers]`);
  const channels = (last ? fixed.at(-1) : fixed[0]) as number;
  return { channels, sides: last ? fixed.slice(0, -1) : fixed.slice(1), channelsLast: last };
}

export const valuesOf = ({ channels, sides }: ItemShape): number => sides.reduce((all, side) => all * side, channels);

/** One channel after the other, as the tensor of an item has them, into `out`. */
export function toTensor(planar: Float32Array, shape: ItemShape, out: Float32Array): void {
  if (!shape.channelsLast || shape.channels === 1) return out.set(planar);
  const size = planar.length / shape.channels;
  for (let channel = 0; channel < shape.channels; channel++)
    for (let i = 0; i < size; i++) out[i * shape.channels + channel] = planar[channel * size + i] as number;
}

/** A copy of an item's part of a tensor, one channel after the other. */
export function fromTensor(part: Float32Array, shape: ItemShape, make: MakeValues): Float32Array {
  const out = make(part.length);
  if (!shape.channelsLast || shape.channels === 1) {
    out.set(part);
    return out;
  }
  const size = part.length / shape.channels;
  for (let channel = 0; channel < shape.channels; channel++)
    for (let i = 0; i < size; i++) out[channel * size + i] = part[i * shape.channels + channel] as number;
  return out;
}
