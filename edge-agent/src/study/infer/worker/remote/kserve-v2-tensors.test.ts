import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { floatValues } from './float-values.ts';
import type { Answer, Post } from './https-transport.ts';
import { binaryRequest, HEADER_LENGTH, jsonRequest, readInference } from './kserve-v2-tensors.ts';

const float32 = fc.float({ noNaN: true, noDefaultInfinity: true });
const tensors = fc
  .array(
    fc.record({ rows: fc.integer({ min: 0, max: 3 }), data: fc.array(float32, { minLength: 12, maxLength: 12 }) }),
    { minLength: 1, maxLength: 3 },
  )
  .map((all) =>
    all.map(({ rows, data }, i) => ({
      name: `t"${i}`,
      dims: [rows, 4],
      data: Float32Array.from(data.slice(0, rows * 4)),
    })),
  );

/** What a server that gives back its inputs would answer: requests and answers have the same form. */
function echoed({ headers = {}, body }: Post): Answer {
  const headBytes = headers[HEADER_LENGTH] === undefined ? body.length : Number(headers[HEADER_LENGTH]);
  const { inputs } = JSON.parse(body.subarray(0, headBytes).toString()) as { inputs: unknown };
  const head = Buffer.from(JSON.stringify({ model_name: 'm', model_version: '3', outputs: inputs }));
  const values = body.subarray(headBytes);
  return {
    status: 200,
    headers: headBytes === body.length && values.length === 0 ? {} : { [HEADER_LENGTH]: String(head.length) },
    body: Buffer.concat([head, values]),
  };
}

const answer = (head: object, binary: Uint8Array = Buffer.alloc(0), length?: string): Answer => {
  const json = Buffer.from(JSON.stringify(head));
  return {
    status: 200,
    headers: { [HEADER_LENGTH]: length ?? String(json.length) },
    body: Buffer.concat([json, binary]),
  };
};
const output = (more: object) => ({ name: 'out', datatype: 'FP32', shape: [2], ...more });

describe('tensors of the Open Inference Protocol', () => {
  it.each([
    ['JSON', jsonRequest],
    ['bytes', binaryRequest],
  ])('come through as %s', (_, request) => {
    fc.assert(
      fc.property(tensors, (inputs) => {
        const { outputs, version } = readInference(echoed(request(inputs, [])));
        expect(version).toBe('3');
        expect(outputs.map(({ name, dims }) => ({ name, dims }))).toEqual(
          inputs.map(({ name, dims }) => ({ name, dims })),
        );
        // JSON has no negative zero.
        const plain = (values: Float32Array) => [...values].map((value) => value + 0);
        expect(outputs.map((one) => plain(floatValues(one)))).toEqual(inputs.map(({ data }) => plain(data)));
      }),
    );
  });

  it('are asked for as bytes only where they are sent as bytes', () => {
    const wanted = [{ name: 'logits', dims: [1] }];
    const head = (post: Post) => JSON.parse(post.body.toString()) as { outputs: unknown };
    expect(head(binaryRequest([], wanted)).outputs).toEqual([{ name: 'logits', parameters: { binary_data: true } }]);
    expect(head(jsonRequest([], wanted)).outputs).toEqual([{ name: 'logits' }]);
  });

  it('are taken nested too, as some servers write them', () => {
    const { outputs } = readInference(answer({ outputs: [output({ data: [[1], [2]] })] }));
    expect(outputs[0]?.data).toEqual([1, 2]);
  });

  it.each<[string, Answer]>([
    ['no outputs', answer({})],
    ['no name', answer({ outputs: [{ datatype: 'FP32', shape: [1], data: [1] }] })],
    ['no data', answer({ outputs: [output({})] })],
    ['a shape that is none', answer({ outputs: [output({ shape: [1.5], data: [1] })] })],
    ['values cut short', answer({ outputs: [output({ parameters: { binary_data_size: 8 } })] }, Buffer.alloc(7))],
    ['a size below nothing', answer({ outputs: [output({ parameters: { binary_data_size: -1 } })] })],
    ['bytes left over', answer({ outputs: [] }, Buffer.alloc(1))],
    ['a head that is longer than it all', answer({ outputs: [] }, Buffer.alloc(0), '9999')],
    ['a length that is no number', answer({ outputs: [] }, Buffer.alloc(0), 'x')],
    ['no JSON', { status: 200, headers: {}, body: Buffer.from('<html>') }],
    ['a list', { status: 200, headers: {}, body: Buffer.from('[]') }],
  ])('are refused with %s', (_, wrong) => {
    expect(() => readInference(wrong)).toThrow(expect.objectContaining({ code: 'remote-answer-invalid' }) as Error);
  });

  it.each(['{"outputs":[NaN]}', '{"a": -Infinity }', '{"a":[1,\n NaN]}'])('tells numbers that are none: %s', (text) => {
    const wrong = { status: 200, headers: {}, body: Buffer.from(text) };
    expect(() => readInference(wrong)).toThrow(expect.objectContaining({ code: 'inference-output-invalid' }) as Error);
  });
});
