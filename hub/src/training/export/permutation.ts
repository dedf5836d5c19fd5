/** `permutation[i]` is the source axis of result axis i, as ONNX Transpose has it. */
export type Permutation = readonly number[];

/** Channels last to channels first. */
export const NHWC_TO_NCHW: Permutation = [0, 3, 1, 2];
/** Channels first to channels last. */
export const NCHW_TO_NHWC: Permutation = [0, 2, 3, 1];

export const identity = (rank: number): Permutation => Array.from({ length: rank }, (_, axis) => axis);
export const isIdentity = (permutation: Permutation): boolean => permutation.every((source, axis) => source === axis);

/** The source axis of one result axis. Throws where the axis is out of range. */
export function sourceAxis(permutation: Permutation, axis: number): number {
  const source = permutation[axis];
  if (source === undefined) throw new Error(`axis ${axis} is outside a permutation of rank ${permutation.length}`);
  return source;
}

/** One permutation with the effect of `first` and then `second`. */
export const compose = (first: Permutation, second: Permutation): Permutation =>
  second.map((axis) => sourceAxis(first, axis));

export function inverse(permutation: Permutation): Permutation {
  const result = identity(permutation.length).slice();
  permutation.forEach((source, axis) => {
    result[source] = axis;
  });
  return result;
}

/** Transposes a row-major array. */
export function transposed(data: Float32Array, dims: readonly number[], permutation: Permutation): Float32Array {
  const strides = dims.map((_, axis) => dims.slice(axis + 1).reduce((product, dim) => product * dim, 1));
  const resultDims = permutation.map((source) => dims[source] ?? 0);
  const resultStrides = permutation.map((source) => strides[source] ?? 0);
  const result = new Float32Array(data.length);
  const index = resultDims.map(() => 0);
  for (let target = 0; target < result.length; target += 1) {
    let source = 0;
    for (let axis = 0; axis < index.length; axis += 1) source += (index[axis] ?? 0) * (resultStrides[axis] ?? 0);
    result[target] = data[source] ?? 0;
    for (let axis = index.length - 1; axis >= 0; axis -= 1) {
      const next = (index[axis] ?? 0) + 1;
      index[axis] = next === resultDims[axis] ? 0 : next;
      if (index[axis] !== 0) break;
    }
  }
  return result;
}
