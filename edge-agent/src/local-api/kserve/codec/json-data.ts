import type { KserveDatatype } from '@collimator/shared/contracts/kserve-v2';
import { err, ok, type Result } from '@collimator/shared/result';
import { jsonReader, notFloat32 } from './datatypes.ts';

/**
 * The elements of a tensor that came as JSON, flat or nested as its shape says, row-major. Every length is checked
 * before memory is taken.
 *
 * @returns the elements as float32, or what is wrong
 */
export function floatsOfJson(
  data: unknown,
  datatype: KserveDatatype,
  shape: readonly number[],
): Result<Float32Array<ArrayBuffer>, string> {
  const read = jsonReader(datatype);
  if (read === undefined) return err(`${datatype} has no form in JSON that is taken; send it in binary form`);
  if (!Array.isArray(data)) return err('data is no array');
  const count = shape.reduce((product, size) => product * size, 1);
  const flat = !data.some((one) => Array.isArray(one));
  if (flat && data.length !== count) return err(`${data.length} elements are not the ${count} of its shape`);
  if (!flat && !nestedAs(data, shape)) return err(`data is not nested as [${shape.join(', ')}] says`);
  const floats = new Float32Array(count);
  let at = 0;
  const fill = (values: readonly unknown[], depth: number): boolean =>
    values.every((value) => {
      if (depth > 1) return fill(value as readonly unknown[], depth - 1);
      const number = read(value);
      if (number === undefined) return false;
      floats[at] = number;
      at += 1;
      return true;
    });
  return fill(data, flat ? 1 : shape.length) ? ok(floats) : err(notFloat32(datatype, at));
}

/** Whether every length is that of the shape; elements are not looked at. */
function nestedAs(data: readonly unknown[], [size, ...inner]: readonly number[]): boolean {
  if (data.length !== size) return false;
  return inner.length === 0 || data.every((one) => Array.isArray(one) && nestedAs(one, inner));
}
