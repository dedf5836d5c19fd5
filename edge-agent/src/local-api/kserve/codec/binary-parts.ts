import { err, ok, type Result } from '@collimator/shared/result';

export type BinaryPart = { readonly name: string; readonly bytes: number };

/**
 * Splits what follows the JSON of a request into the tensors that come in binary form, in their order (binary tensor
 * data extension): each `binary_data_size` long, and nothing else.
 *
 * @returns a view for each part, or what is wrong
 */
export function binaryParts(
  binary: Uint8Array<ArrayBuffer>,
  parts: readonly BinaryPart[],
): Result<readonly Uint8Array<ArrayBuffer>[], string> {
  let at = 0;
  const views: Uint8Array<ArrayBuffer>[] = [];
  for (const { name, bytes } of parts) {
    if (!Number.isSafeInteger(bytes) || bytes < 0)
      return err(`input "${name}": binary_data_size is no number of bytes`);
    if (bytes > binary.length - at) return err(`input "${name}": the body ends before its ${bytes} bytes do`);
    views.push(binary.subarray(at, at + bytes));
    at += bytes;
  }
  const left = binary.length - at;
  return left === 0 ? ok(views) : err(`${left} bytes of the body belong to no input`);
}
