import { CodedError } from '@collimator/shared/errors/coded-error';

export type JsonObject = { readonly [key: string]: unknown };

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The JSON object that a server answered with.
 *
 * @throws CodedError `inference-output-invalid` where numbers that are none stand in it, as TensorFlow Serving and Python
 * write them; `remote-answer-invalid` for what is no JSON object
 */
export function jsonObject(bytes: Uint8Array): JsonObject {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // JSON has no word for these.
    if (/[[,:\s]-?(NaN|Infinity)\s*[\],}]/.test(text))
      throw new CodedError('inference-output-invalid', 'the answer holds values that are no numbers');
    throw new CodedError('remote-answer-invalid', 'it is no JSON');
  }
  if (!isObject(value)) throw new CodedError('remote-answer-invalid', 'it is no JSON object');
  return value;
}

/**
 * A field that must be there.
 *
 * @throws CodedError `remote-answer-invalid`
 */
export function listIn(of: JsonObject, key: string): readonly unknown[] {
  const value = of[key];
  if (!Array.isArray(value)) throw new CodedError('remote-answer-invalid', `${key} is no list`);
  return value as readonly unknown[];
}

/** Sizes of a tensor: integers from -1 on, at most eight of them. */
export function dimsIn(value: unknown): readonly number[] | undefined {
  if (!Array.isArray(value) || value.length > DIMS_MAX) return undefined;
  const sizes = value.map(Number);
  return sizes.every((size) => Number.isSafeInteger(size) && size >= -1) ? sizes : undefined;
}

const DIMS_MAX = 8;
