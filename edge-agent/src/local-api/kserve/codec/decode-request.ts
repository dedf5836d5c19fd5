import type {
  KserveInferRequest,
  KserveParameters,
  KserveRequestInput,
  KserveRequestOutput,
} from '@collimator/shared/contracts/kserve-v2';
import type { Stage } from '@collimator/shared/contracts/release';
import { err, ok, type Result } from '@collimator/shared/result';
import { type KserveRefusal, refuse } from '../refusal.ts';
import { binaryParts } from './binary-parts.ts';
import { bytesOf, floatsOfBinary } from './datatypes.ts';
import { floatsOfJson } from './json-data.ts';
import { readJson } from './read-json.ts';

/** What a request has to fit. */
export type StageTensors = Pick<Stage, 'inputs' | 'outputs' | 'batch_sizes'>;

/** The JSON of a request, and what follows it. */
export type InferBody = { readonly json: Uint8Array<ArrayBuffer>; readonly binary: Uint8Array<ArrayBuffer> };

export type FloatTensor = {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
};
export type WantedOutput = { readonly name: string; readonly binary: boolean };

export type InferQuestion = {
  readonly id: string | undefined;
  readonly parameters: KserveParameters;
  /** In the model's order. */
  readonly inputs: readonly FloatTensor[];
  /** Items of the request; undefined where the model has no batch. */
  readonly batch: number | undefined;
  readonly outputs: readonly WantedOutput[];
};

const noParameters: KserveParameters = {};
/** What would change the meaning of a request, were it left alone. */
const unsupported = {
  request: ['sequence_id', 'sequence_start', 'sequence_end'],
  tensor: ['shared_memory_region', 'shared_memory_byte_size', 'shared_memory_offset', 'classification'],
};

/**
 * Reads an inference request for a stage of a release. Lengths and shapes are checked before memory is taken, and
 * every refusal names the tensor.
 */
export function decodeRequest(body: InferBody, stage: StageTensors): Result<InferQuestion, KserveRefusal> {
  const read = readJson(body.json);
  if (!read.ok) return read;
  const { request, data } = read.value;
  const asks = unsupportedIn(request);
  if (asks !== undefined) return refuse(400, 'kserve-unsupported', asks);
  const fits = fitModel(request.inputs, stage);
  if (!fits.ok) return refuse(400, 'kserve-tensor-invalid', fits.error);
  const inputs = elements(request.inputs, data, body.binary);
  if (!inputs.ok) return refuse(400, 'kserve-tensor-invalid', inputs.error);
  const outputs = wanted(request, stage);
  if (!outputs.ok) return refuse(400, 'kserve-tensor-invalid', outputs.error);
  const place = (name: string): number => stage.inputs.findIndex((input) => input.name === name);
  return ok({
    id: request.id,
    parameters: request.parameters ?? noParameters,
    inputs: [...inputs.value].sort((a, b) => place(a.name) - place(b.name)),
    batch: fits.value,
    outputs: outputs.value,
  });
}

function unsupportedIn({ parameters = noParameters, inputs, outputs = [] }: KserveInferRequest): string | undefined {
  const own = unsupported.request.find((key) => key in parameters);
  if (own !== undefined) return `the parameter ${own}`;
  for (const { name, parameters: its = noParameters } of [...inputs, ...outputs]) {
    const key = unsupported.tensor.find((one) => one in its);
    if (key !== undefined) return `the parameter ${key} of "${name}"`;
  }
  return undefined;
}

/** @returns the batch of the request, or what does not fit */
function fitModel(inputs: readonly KserveRequestInput[], stage: StageTensors): Result<number | undefined, string> {
  const known = stage.inputs.map(({ name }) => name);
  for (const [i, { name }] of inputs.entries()) {
    if (!known.includes(name)) return err(`input "${name}" is none of the model; it has ${list(known)}`);
    if (inputs.findIndex((one) => one.name === name) < i) return err(`input "${name}" is there twice`);
  }
  let batch: number | undefined;
  const batchMax = Math.max(...stage.batch_sizes);
  for (const { name, shape: expected } of stage.inputs) {
    const given = inputs.find((one) => one.name === name)?.shape;
    if (given === undefined) return err(`input "${name}" is missing`);
    const wrong = `input "${name}": shape [${given.join(', ')}] is not [${expected.join(', ')}]`;
    if (given.length !== expected.length) return err(wrong);
    for (const [axis, size] of expected.entries()) {
      const its = given[axis] ?? 0;
      if (size !== 'batch') {
        if (its !== size) return err(wrong);
        continue;
      }
      if (its < 1 || its > batchMax) return err(`${wrong}: the batch is 1 to ${batchMax}`);
      if (batch !== undefined && its !== batch) return err(`input "${name}": its batch is not that of the others`);
      batch = its;
    }
  }
  return ok(batch);
}

/** The elements of every input, from JSON or from the bytes after it. */
function elements(
  inputs: readonly KserveRequestInput[],
  data: readonly unknown[],
  binary: Uint8Array<ArrayBuffer>,
): Result<readonly FloatTensor[], string> {
  const sizeOf = ({ parameters }: KserveRequestInput): unknown => parameters?.['binary_data_size'];
  const inBinary = inputs.filter((input) => sizeOf(input) !== undefined);
  const parts = binaryParts(
    binary,
    inBinary.map((input) => ({ name: input.name, bytes: sizeOf(input) as number })),
  );
  if (!parts.ok) return parts;
  const tensors: FloatTensor[] = [];
  for (const [i, input] of inputs.entries()) {
    const { name, datatype, shape: dims } = input;
    const part = parts.value[inBinary.indexOf(input)];
    if (part !== undefined && data[i] !== undefined) return err(`input "${name}" has data and binary_data_size`);
    const floats = part === undefined ? floatsOfJson(data[i], datatype, dims) : ofPart(input, part);
    if (!floats.ok) return err(`input "${name}": ${floats.error}`);
    tensors.push({ name, dims, data: floats.value });
  }
  return ok(tensors);
}

function ofPart(
  { datatype, shape }: KserveRequestInput,
  part: Uint8Array<ArrayBuffer>,
): Result<Float32Array<ArrayBuffer>, string> {
  if (datatype === 'BYTES') return err('BYTES are no numbers; models take FP32');
  const count = shape.reduce((product, size) => product * size, 1);
  const bytes = count * (bytesOf(datatype) ?? 0);
  if (part.length !== bytes) return err(`${part.length} bytes are not the ${bytes} of its shape and datatype`);
  return floatsOfBinary(datatype, part, count);
}

/** Outputs in the order asked for; all of the model where none is. */
function wanted(
  { parameters, outputs = [] }: KserveInferRequest,
  stage: StageTensors,
): Result<readonly WantedOutput[], string> {
  const byDefault = parameters?.['binary_data_output'] === true;
  const known = stage.outputs.map(({ name }) => name);
  const asked: readonly KserveRequestOutput[] =
    outputs.length > 0 ? outputs : stage.outputs.map(({ name }) => ({ name }));
  for (const [i, { name }] of asked.entries()) {
    if (!known.includes(name)) return err(`output "${name}" is none of the model; it has ${list(known)}`);
    if (asked.findIndex((one) => one.name === name) < i) return err(`output "${name}" is asked for twice`);
  }
  return ok(
    asked.map(({ name, parameters: its }) => {
      const binary = its?.['binary_data'];
      return { name, binary: typeof binary === 'boolean' ? binary : byDefault };
    }),
  );
}

const list = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');
