import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../dimse/peers.ts';
import { expectedLogits, type KserveNode, startKserveNode, TOKEN } from './kserve-node.ts';
import { askAsTriton, tritonPython } from './tritonclient.ts';

// What Triton's own client makes of our routes.

type Told = readonly [status: string, message: string];
const installMsMax = 300_000;

let node: KserveNode;
beforeAll(async () => void (await tritonPython()), installMsMax);
afterEach(() => node.close());

const ask = <T>(scenario: string, token = TOKEN): Promise<T> => askAsTriton<T>(node.port, token, scenario);
/** As `pixels` in python/client.py. */
const pixels = (batch: number, seed = 0): number[] =>
  Array.from({ length: batch * 256 }, (_, i) => ((i * 7919 + seed) % 101) / 4);
const near = (values: readonly number[]): unknown[] => values.map((value) => expect.closeTo(value, 4) as unknown);
const said = (http: number, text: string): unknown[] => [String(http), expect.stringContaining(text)];

describe('Triton’s client', () => {
  it('asks for health: of the server, of a model, of a version, of a stage', async () => {
    node = await startKserveNode();
    const ready = { live: true, ready: true, model: true, version: true, stage: true };
    const others = { other_version: false, release_of_two: false, unknown: false };
    expect(await ask('health')).toEqual({ ...ready, ...others });
    node.engine.setReady(false);
    expect(await ask('health')).toEqual({
      ...{ live: true, ready: false, model: false, version: false, stage: false },
      ...others,
    });
  });

  it('reads metadata, with its token', async () => {
    node = await startKserveNode();
    const shape = [-1, 1, 16, 16];
    const model = {
      ...{ name: 'bright-region', versions: ['1.0.0'], platform: 'onnx_onnxv1' },
      inputs: [{ name: 'image', datatype: 'FP32', shape }],
      outputs: [{ name: 'logits', datatype: 'FP32', shape }],
      parameters: { release_sha256: node.engine.models()[0]?.sha256, batch_max: 4 },
    };
    expect(await ask('metadata')).toEqual({
      server: { name: 'collimator', version: '1.2.3', extensions: ['binary_tensor_data'] },
      ...{ model, version: model },
      stage: { ...model, name: 'two-stages.segment', parameters: { release_sha256: 'f'.repeat(64), batch_max: 4 } },
      unknown: said(404, 'kserve-model-unknown: There is no such model: "unknown"'),
      without_token: said(401, 'kserve-unauthorized'),
      config: said(404, 'kserve-not-found'),
    });
  });

  it('gets the numbers of the model, whatever form they have on the way', async () => {
    node = await startKserveNode();
    type Answer = { readonly shape: number[]; readonly logits: number[] };
    const { answers, response } = await ask<{ answers: Record<string, Answer>; response: object }>('forms');
    const values = pixels(3);
    const expected: Record<string, readonly number[]> = {
      int32: values.map((value) => value * 4),
      int32_json: values.map((value) => value * 4),
      bool: values.map((value) => Number(value > 12)),
    };
    expect(Object.keys(answers)).toHaveLength(11);
    for (const [form, { shape, logits }] of Object.entries(answers)) {
      expect(shape, form).toEqual([3, 1, 16, 16]);
      expect(logits, form).toEqual(near(expectedLogits(expected[form] ?? values)));
    }
    // Three items run with the batch of four that the release has.
    expect(new Set(node.engine.asked.batches)).toEqual(new Set([4]));
    expect(response).toEqual({
      ...{ model_name: 'bright-region', model_version: '1.0.0', id: 'number 5' },
      parameters: { release_sha256: node.engine.models()[0]?.sha256 },
      outputs: [
        { name: 'logits', datatype: 'FP32', shape: [3, 1, 16, 16], parameters: { binary_data_size: 3 * 256 * 4 } },
      ],
    });
  });

  it('asks over eight connections at a time, and each gets its own answer', async () => {
    node = await startKserveNode();
    const answers = await ask<number[][]>('concurrent');
    expect(answers).toHaveLength(40);
    for (const [seed, logits] of answers.entries())
      expect(logits).toEqual(near(expectedLogits(pixels(1 + (seed % 4), seed))));
    expect(node.events.flatMap((event) => (event.type === 'finished' ? [event.http] : []))).toEqual(
      Array(40).fill(200),
    );
  });

  it('reads what is wrong, by the name of the tensor, the model or the parameter', async () => {
    node = await startKserveNode();
    const invalid = 'kserve-tensor-invalid: A tensor does not fit the model: ';
    expect(await ask('wrong')).toEqual({
      shape: said(400, `${invalid}input "image": shape [1, 1, 16, 15] is not [batch, 1, 16, 16]`),
      batch: said(400, 'input "image": shape [5, 1, 16, 16] is not [batch, 1, 16, 16]: the batch is 1 to 4'),
      rank: said(400, 'input "image": shape [1, 16, 16] is not'),
      named: said(400, 'input "picture" is none of the model; it has "image"'),
      datatype: said(400, 'input "image": shape [1, 1] is not'),
      nan: said(400, 'input "image": element 0 is NaN or infinite'),
      lossy: said(400, 'input "image": element 0 is no FP64 that a float32 can hold'),
      output: said(400, 'output "mask" is none of the model; it has "logits"'),
      classification: said(
        400,
        'kserve-unsupported: The request asks for something that is not offered: the parameter',
      ),
      sequence: said(400, 'the parameter sequence_id'),
      model: said(404, 'kserve-model-unknown'),
      version: said(404, '"bright-region" has no version "9.9.9"'),
      compressed: said(415, 'kserve-unsupported'),
      priority: said(403, 'the priority stat; it may use routine, urgent'),
      shared_memory: said(400, 'the parameter shared_memory_region of "image"'),
    });
    expect(node.engine.asked.priorities).toEqual([]);
  });

  it('is nobody without its token, and learns what is wrong with it from nobody', async () => {
    node = await startKserveNode();
    for (const token of ['', 'another-token-long-enough']) {
      const [status, message] = await ask<Told>('one', token);
      expect([status, message]).toEqual(said(401, 'kserve-unauthorized: Who asks is not known: no valid credentials'));
    }
    expect(await ask('one')).toBe(256);
    expect(node.engine.asked.priorities).toHaveLength(1);
  });

  it('names its priority as Triton counts, or in a header line', async () => {
    node = await startKserveNode();
    await ask('priorities');
    expect(node.engine.asked.priorities).toEqual([2, 1, 2, 1]);
  });

  it('is told 429 where there is no room: by the engine, and by its own bound', async () => {
    node = await startKserveNode({ waitingMax: 1 });
    const release = node.engine.hold();
    const answers = ask<readonly (number | Told)[]>('overload');
    await until('six are refused', () => node.events.filter((event) => event.type === 'finished').length === 6);
    release();
    const told = await answers;
    expect(told.filter((one) => one === 256)).toHaveLength(2);
    const refused = told.filter((one) => one !== 256);
    expect(refused).toEqual(Array(6).fill(said(429, 'kserve-overloaded: There is no room for the request now')));
    await node.close();

    node = await startKserveNode({ limits: { requestsMax: 2 } });
    const letGo = node.engine.hold();
    const others = ask<readonly (number | Told)[]>('overload');
    await until('six are refused', () => node.events.filter((event) => event.type === 'refused').length === 6);
    letGo();
    expect((await others).filter((one) => one === 256)).toHaveLength(2);
  });

  it('gives a request so much time, and no more', async () => {
    node = await startKserveNode();
    const release = node.engine.hold();
    expect(await ask('timeout')).toEqual(said(504, 'kserve-timeout'));
    await until('it is let go of', () => node.engine.asked.aborted === 1);
    release();
  });

  it('is told 503 while no device has the model', async () => {
    node = await startKserveNode();
    node.engine.setReady(false);
    const [status, message] = await ask<Told>('one');
    expect([status, message]).toEqual(said(503, 'kserve-not-ready'));
    expect(message).not.toContain('/dev/secret0');
  });
});
