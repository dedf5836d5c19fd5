import { CodedError } from '@collimator/shared/errors/coded-error';

/** The values of a tensor as nested JSON arrays, row-major: [2,2] and 1,2,3,4 give `[[1,2],[3,4]]`. */
export function nestedJson(data: Float32Array, dims: readonly number[]): string {
  const [size = 0, ...rest] = dims;
  if (dims.length === 0) return String(data[0]);
  if (rest.length === 0) return `[${Array.prototype.join.call(data.subarray(0, size), ',')}]`;
  const step = rest.reduce((product, one) => product * one, 1);
  const parts = Array.from({ length: size }, (_, i) => nestedJson(data.subarray(i * step, (i + 1) * step), rest));
  return `[${parts.join(',')}]`;
}

/**
 * The shape and the values of nested arrays.
 *
 * @throws CodedError `remote-answer-invalid` where the arrays of one depth differ in length
 */
export function flattened(nested: unknown): { readonly dims: readonly number[]; readonly data: readonly unknown[] } {
  const dims: number[] = [];
  for (let at = nested; Array.isArray(at); at = (at as readonly unknown[])[0]) dims.push(at.length);
  const data: unknown[] = [];
  const walk = (value: unknown, depth: number): void => {
    if (depth === dims.length) {
      data.push(value);
      return;
    }
    if (!Array.isArray(value) || value.length !== dims[depth])
      throw new CodedError('remote-answer-invalid', 'the rows of a tensor differ in length');
    for (const inner of value as readonly unknown[]) walk(inner, depth + 1);
  };
  walk(nested, 0);
  return { dims, data };
}
