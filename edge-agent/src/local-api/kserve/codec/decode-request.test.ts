import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRequest, type InferBody, type StageTensors } from './decode-request.ts';
import { encodeResponse, numbersText } from './encode-response.ts';

const tensor = (name: string, shape: readonly (number | 'batch')[]) => ({
  ...{ name, dtype: 'float32' as const, layout: 'NCHW' as const },
  shape: [...shape],
});
const stage: StageTensors = {
  inputs: [tensor('image', ['batch', 1, 2, 3]), tensor('weight', ['batch', 2])],
  outputs: [tensor('logits', ['batch', 4]), tensor('features', ['batch', 2])],
  batch_sizes: [1, 4],
};

const bodyOf = (request: unknown, ...binary: readonly Uint8Array[]): InferBody => ({
  json: new Uint8Array(Buffer.from(typeof request === 'string' ? request : JSON.stringify(request))),
  binary: new Uint8Array(Buffer.concat(binary)),
});
const bytesIn = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** Elements nested as the shape says. */
const nest = (values: readonly number[], [size = 1, ...inner]: readonly number[]): unknown[] => {
  if (inner.length === 0) return [...values];
  const each = values.length / size;
  return Array.from({ length: size }, (_, i) => nest(values.slice(i * each, (i + 1) * each), inner));
};

const image = { name: 'image', shape: [1, 1, 2, 3], datatype: 'FP32', data: [1, 2, 3, 4, 5, 6] };
const weight = { name: 'weight', shape: [1, 2], datatype: 'FP32', data: [7, 8] };
const whole = { inputs: [image, weight] };

describe('a request', () => {
  it('holds the same tensors whether they come flat, nested or in binary form, in any order', () => {
    const floats = (count: number) =>
      fc
        .float32Array({ minLength: count, maxLength: count, noNaN: true, noDefaultInfinity: true })
        .map((values) => new Float32Array(values));
    const form = fc.constantFrom('flat', 'nested', 'binary');
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 4 })
          .chain((batch) => fc.tuple(fc.constant(batch), floats(batch * 6), floats(batch * 2))),
        fc.tuple(form, form),
        fc.boolean(),
        ([batch, pixels, weights], [one, other], turned) => {
          const described = [
            { name: 'image', shape: [batch, 1, 2, 3], values: pixels, form: one },
            { name: 'weight', shape: [batch, 2], values: weights, form: other },
          ];
          const sent = turned ? described.toReversed() : described;
          const inputs = sent.map(({ name, shape, values, form: how }) => ({
            ...{ name, shape, datatype: 'FP32' },
            ...(how === 'binary'
              ? { parameters: { binary_data_size: values.byteLength } }
              : { data: how === 'flat' ? Array.from(values) : nest(Array.from(values), shape) }),
          }));
          const binary = sent.filter((input) => input.form === 'binary').map(({ values }) => bytesIn(values));
          const read = decodeRequest(bodyOf({ inputs }, ...binary), stage);
          if (!read.ok) throw new Error(read.error.why);
          expect(read.value.batch).toBe(batch);
          expect(read.value.inputs.map(({ name, dims }) => [name, dims])).toEqual([
            ['image', [batch, 1, 2, 3]],
            ['weight', [batch, 2]],
          ]);
          // JSON has one zero only.
          const plus = (values: Float32Array): number[] => Array.from(values, (value) => value + 0);
          expect(plus(read.value.inputs[0]?.data ?? new Float32Array())).toEqual(plus(pixels));
          expect(plus(read.value.inputs[1]?.data ?? new Float32Array())).toEqual(plus(weights));
        },
      ),
    );
  });

  it('is read or refused, whatever its bytes are', () => {
    const json = fc.oneof(
      fc.json(),
      fc.string(),
      fc.record({ inputs: fc.array(fc.anything(), { maxLength: 3 }) }).map((value) => JSON.stringify(value) ?? ''),
      fc
        .record(
          {
            name: fc.constantFrom('image', 'weight', 'other', 3),
            shape: fc.oneof(fc.constantFrom([1, 1, 2, 3], [1, 2]), fc.array(fc.integer(), { maxLength: 10 })),
            datatype: fc.constantFrom('FP32', 'INT8', 'BYTES', 'FP16', 'FP8'),
            parameters: fc.dictionary(fc.constantFrom('binary_data_size', 'x'), fc.oneof(fc.integer(), fc.string())),
            data: fc.oneof(fc.array(fc.integer(), { maxLength: 8 }), fc.json()),
          },
          { requiredKeys: [] },
        )
        .map((input) => JSON.stringify({ inputs: [input, weight] })),
    );
    fc.assert(
      fc.property(json, fc.uint8Array({ maxLength: 60 }), (text, binary) => {
        const read = decodeRequest(bodyOf(text, binary), stage);
        const told = read.ok
          ? read.value.inputs.map(({ name }) => name).join()
          : `${read.error.http} ${read.error.why}`;
        expect(told).toMatch(/^(image,weight|400 \S.*)$/s);
      }),
      { numRuns: 3_000 },
    );
  });

  it('is read with keys that nobody knows, and with a depth that nobody looks at', () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const text = JSON.stringify({ ...whole, extra: 1 }).replace('"extra":1', `"extra":${deep}`);
    expect(decodeRequest(bodyOf(text), stage)).toMatchObject({ ok: true });
    const inData = JSON.stringify(whole).replace('[7,8]', deep);
    expect(decodeRequest(bodyOf(inData), stage)).toMatchObject({ ok: false });
  });

  it('asks for all outputs, or for some, each in its form', () => {
    const outputs = (more: object) => {
      const read = decodeRequest(bodyOf({ ...whole, ...more }), stage);
      return read.ok ? read.value.outputs : read.error;
    };
    expect(outputs({})).toEqual([
      { name: 'logits', binary: false },
      { name: 'features', binary: false },
    ]);
    expect(outputs({ parameters: { binary_data_output: true }, outputs: [] })).toMatchObject([
      { binary: true },
      { binary: true },
    ]);
    expect(
      outputs({
        parameters: { binary_data_output: true },
        outputs: [{ name: 'features', parameters: { binary_data: false } }, { name: 'logits' }],
      }),
    ).toEqual([
      { name: 'features', binary: false },
      { name: 'logits', binary: true },
    ]);
  });

  const four = new Uint8Array(4);
  it.each([
    ['no JSON', '{', 'kserve-malformed', 'does not begin with JSON'],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]).toString('latin1'), 'kserve-malformed', 'the request'],
    ['no inputs', {}, 'kserve-malformed', 'inputs is missing'],
    ['an unknown datatype', { inputs: [{ ...image, datatype: 'FP8' }] }, 'kserve-malformed', 'inputs[0].datatype'],
    ['a shape below 0', { inputs: [{ ...image, shape: [-1, 2] }] }, 'kserve-malformed', 'inputs[0].shape[0]'],
    ['a missing input', { inputs: [image] }, 'kserve-tensor-invalid', 'input "weight" is missing'],
    [
      'another input',
      { inputs: [{ ...image, name: 'picture' }, weight] },
      'kserve-tensor-invalid',
      'input "picture" is none of the model; it has "image", "weight"',
    ],
    ['one twice', { inputs: [image, image, weight] }, 'kserve-tensor-invalid', 'input "image" is there twice'],
    [
      'another shape',
      { inputs: [{ ...image, shape: [1, 1, 3, 2] }, weight] },
      'kserve-tensor-invalid',
      'input "image": shape [1, 1, 3, 2] is not [batch, 1, 2, 3]',
    ],
    [
      'too large a batch',
      { inputs: [{ ...image, shape: [5, 1, 2, 3] }, weight] },
      'kserve-tensor-invalid',
      'the batch is 1 to 4',
    ],
    [
      'two batches',
      { inputs: [image, { ...weight, shape: [2, 2], data: [1, 2, 3, 4] }] },
      'kserve-tensor-invalid',
      'input "weight": its batch is not that of the others',
    ],
    [
      'too few elements',
      { inputs: [{ ...image, data: [1] }, weight] },
      'kserve-tensor-invalid',
      'input "image": 1 elements are not the 6 of its shape',
    ],
    [
      'a row that is too short',
      {
        inputs: [
          {
            ...image,
            data: [
              [
                [
                  [1, 2, 3],
                  [4, 5],
                ],
              ],
            ],
          },
          weight,
        ],
      },
      'kserve-tensor-invalid',
      'input "image": data is not nested as [1, 1, 2, 3] says',
    ],
    [
      'a word among the elements',
      { inputs: [image, { ...weight, data: [1, 'two'] }] },
      'kserve-tensor-invalid',
      'input "weight": element 1 is no FP32',
    ],
    [
      'FP16 in JSON',
      { inputs: [image, { ...weight, datatype: 'FP16' }] },
      'kserve-tensor-invalid',
      'send it in binary form',
    ],
    [
      'an unknown output',
      { ...whole, outputs: [{ name: 'mask' }] },
      'kserve-tensor-invalid',
      'output "mask" is none of the model; it has "logits", "features"',
    ],
    ['a sequence', { ...whole, parameters: { sequence_id: 3 } }, 'kserve-unsupported', 'sequence_id'],
    [
      'classification',
      { ...whole, outputs: [{ name: 'logits', parameters: { classification: 3 } }] },
      'kserve-unsupported',
      'classification of "logits"',
    ],
    [
      'shared memory',
      { inputs: [{ ...image, parameters: { shared_memory_region: 'r' } }, weight] },
      'kserve-unsupported',
      'shared_memory_region of "image"',
    ],
  ])('is refused by name: %s', (_case, request, code, why) => {
    const read = decodeRequest(bodyOf(request), stage);
    expect(read).toMatchObject({ ok: false, error: { http: 400, code, why: expect.stringContaining(why) as string } });
  });

  it.each([
    ['bytes of nobody', whole, [four], '4 bytes of the body belong to no input'],
    [
      'both forms at once',
      { inputs: [image, { ...weight, parameters: { binary_data_size: 4 } }] },
      [four],
      'input "weight" has data and binary_data_size',
    ],
    [
      'too few bytes for the shape',
      { inputs: [image, { name: 'weight', shape: [1, 2], datatype: 'FP32', parameters: { binary_data_size: 4 } }] },
      [four],
      'input "weight": 4 bytes are not the 8',
    ],
    [
      'BYTES',
      { inputs: [image, { name: 'weight', shape: [1, 2], datatype: 'BYTES', parameters: { binary_data_size: 4 } }] },
      [four],
      'input "weight": BYTES are no numbers',
    ],
  ])('is refused by name: %s', (_case, request, binary, why) => {
    const read = decodeRequest(bodyOf(request, ...binary), stage);
    expect(read).toMatchObject({ ok: false, error: { why: expect.stringContaining(why) as string } });
  });
});

describe('a response', () => {
  it('gives back every float32, as JSON and in binary form', () => {
    const floats = fc
      .float32Array({ minLength: 4, maxLength: 4, noNaN: true, noDefaultInfinity: true })
      .map((values) => new Float32Array(values));
    fc.assert(
      fc.property(fc.array(fc.tuple(floats, fc.boolean()), { minLength: 1, maxLength: 4 }), (outputs) => {
        const wanted = outputs.map(([, binary], i) => ({ name: `o${i}`, binary }));
        const tensors = outputs.map(([data], i) => ({ name: `o${i}`, dims: [2, 2], data }));
        const texts = outputs.map(([data, binary]) => (binary ? undefined : numbersText(data)));
        const head = { model: 'm', version: '1.0.0', releaseSha256: 'f'.repeat(64), id: 'é"1' };
        const { json, jsonBytes, binary, binaryBytes } = encodeResponse(head, wanted, tensors, texts);
        const text = Buffer.concat(json);
        const rest = Buffer.concat(binary);
        expect([text.length, rest.length]).toEqual([jsonBytes, binaryBytes]);
        type Output = { data?: number[]; parameters?: { binary_data_size: number } };
        const read = JSON.parse(text.toString()) as { id: string; outputs: Output[] };
        expect(read).toMatchObject({ model_name: 'm', model_version: '1.0.0', id: 'é"1' });
        let at = 0;
        for (const [i, { data, parameters }] of read.outputs.entries()) {
          const size = parameters?.binary_data_size ?? 0;
          const values = data ?? new Float32Array(new Uint8Array(rest.subarray(at, at + size)).buffer);
          at += size;
          expect(Array.from(values, (value) => value + 0)).toEqual(
            Array.from(outputs[i]?.[0] ?? [], (value) => value + 0),
          );
        }
      }),
    );
  });

  it('has no number for what is none', () => {
    expect(() => numbersText(Float32Array.of(1, Infinity))).toThrow(/NaN or infinite/);
  });
});
