import { CodedError } from '@collimator/shared/errors/coded-error';
import type { ModelTensor } from '../../../study/infer/worker/model-session.ts';
import type { WantedOutput } from './decode-request.ts';

export type ResponseHead = {
  readonly model: string;
  readonly version: string;
  readonly releaseSha256: string;
  readonly id: string | undefined;
};

/** A response in pieces: the JSON, and the bytes that follow it (binary tensor data extension). */
export type EncodedResponse = {
  readonly json: readonly Uint8Array[];
  readonly jsonBytes: number;
  readonly binary: readonly Uint8Array[];
  readonly binaryBytes: number;
};

/**
 * @param tensors the wanted outputs, in their order
 * @param texts the elements of those that go as JSON, as `numbersText` writes them, by their places
 */
export function encodeResponse(
  { model, version, releaseSha256, id }: ResponseHead,
  wanted: readonly WantedOutput[],
  tensors: readonly ModelTensor[],
  texts: readonly (Uint8Array | undefined)[],
): EncodedResponse {
  const head = {
    model_name: model,
    model_version: version,
    ...(id !== undefined && { id }),
    parameters: { release_sha256: releaseSha256 },
  };
  const json: Uint8Array[] = [Buffer.from(`${JSON.stringify(head).slice(0, -1)},"outputs":[`)];
  const binary: Uint8Array[] = [];
  for (const [i, { data, dims, name }] of tensors.entries()) {
    const text = texts[i];
    const output = {
      ...{ name, shape: dims, datatype: 'FP32' },
      ...(wanted[i]?.binary === true && { parameters: { binary_data_size: data.byteLength } }),
    };
    json.push(Buffer.from(`${i === 0 ? '' : ','}${JSON.stringify(output).slice(0, -1)}`));
    if (text === undefined) binary.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    else json.push(Buffer.from(',"data":'), text);
    json.push(Buffer.from('}'));
  }
  json.push(Buffer.from(']}'));
  return { json, jsonBytes: bytesIn(json), binary, binaryBytes: bytesIn(binary) };
}

const bytesIn = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, { length }) => sum + length, 0);

/**
 * Elements as a JSON array, row-major; every float32 comes back from it as it is.
 *
 * @throws CodedError `inference-output-invalid` for what JSON has no number for
 */
export function numbersText(data: Float32Array): Uint8Array<ArrayBuffer> {
  if (!data.every(Number.isFinite)) throw new CodedError('inference-output-invalid', 'a value is NaN or infinite');
  return new TextEncoder().encode(JSON.stringify(Array.from(data)));
}
