import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runTool } from '../../conformance/results/tools.ts';
import { type FakeServer, MODEL, onnxFile, startFake } from '../../integration/remote/remote-world.ts';
import { modelServersPython } from '../../peers/model-servers.ts';
import { checkoutRoot } from '../../peers/python-environment.ts';
import { openModel } from './model.ts';

const installMsMax = 600_000;

// The first who asks for it installs it.
beforeAll(async () => void (await modelServersPython()), installMsMax);

let fake: FakeServer | undefined;
afterEach(() => fake?.program.stop());

/** What somebody else's client finds; see clients.py. */
async function asked(protocol: 'triton' | 'tf-serving', port: number): Promise<Record<string, unknown>> {
  const program = join(checkoutRoot, 'test/fakes/model-server/clients.py');
  const { exit, output } = await runTool(await modelServersPython(), [
    ...['-W', 'ignore', program, protocol, `127.0.0.1:${port}`, MODEL],
  ]);
  const line = output.split('\n').find((one) => one.startsWith('{'));
  if (exit !== 0 || line === undefined) throw new Error(output);
  return JSON.parse(line) as Record<string, unknown>;
}

/** What the model gives for the image of clients.py. */
async function wanted(): Promise<{ shape: number[]; first: number; sum: number }> {
  const model = await openModel(onnxFile, MODEL, [1, 16, 16]);
  const data = Float32Array.from({ length: 512 }, (_, i) => -1 + (2 * i) / 511);
  const { dims, data: values } = await model.run({ dims: [2, 1, 16, 16], data });
  return { shape: [...dims], first: values[8 * 16 + 8] as number, sum: values.reduce((sum, value) => sum + value, 0) };
}

describe('the fake model server before other people’s clients', () => {
  it('is a Triton to Triton’s client: health, metadata, configuration, and inference as bytes and as JSON', async () => {
    fake = await startFake('kserve-v2');
    await fake.behave({ version: '4', releaseSha256: 'a'.repeat(64), digestIn: 'configuration' });
    const found = await asked('triton', fake.port);
    const model = await wanted();
    const near = { shape: model.shape, first: expect.closeTo(model.first, 5), sum: expect.closeTo(model.sum, 3) };
    expect(found).toMatchObject({
      ...{ live: true, ready: true, id: '7', version: '4', unknown: '404' },
      extensions: ['binary_tensor_data', 'model_configuration'],
      config: { parameters: { collimator_release_sha256: { string_value: 'a'.repeat(64) } } },
      inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 1, 16, 16] }],
      outputs: [{ name: 'logits', datatype: 'FP32', shape: [-1, 1, 16, 16] }],
      answers: [near, near],
    });
    expect(await fake.asked()).toMatchObject({
      [`POST /v2/models/${MODEL}/infer binary`]: 1,
      [`POST /v2/models/${MODEL}/infer`]: 1,
    });
  });

  it('is a TensorFlow Serving to OpenVINO’s client: status, metadata and predict', async () => {
    fake = await startFake('tf-serving');
    const found = await asked('tf-serving', fake.port);
    const model = await wanted();
    expect(found).toMatchObject({
      status: { '1': { state: 'AVAILABLE' } },
      metadata: {
        model_spec: { name: MODEL, version: '1' },
        metadata: {
          signature_def: {
            signature_def: {
              serving_default: { inputs: { image: { dtype: 'DT_FLOAT' } }, outputs: { logits: { dtype: 'DT_FLOAT' } } },
            },
          },
        },
      },
      answers: [{ shape: model.shape, first: expect.closeTo(model.first, 5), sum: expect.closeTo(model.sum, 3) }],
    });
  });

  it('does what it is told to do wrong, so often and no more', async () => {
    fake = await startFake('tf-serving');
    const post = () =>
      fetch(`http://127.0.0.1:${fake?.port}/v1/models/${MODEL}:predict`, {
        method: 'POST',
        body: JSON.stringify({
          inputs: Array.from({ length: 1 }, () => [Array.from({ length: 16 }, () => Array(16).fill(0))]),
        }),
      });
    await fake.behave({ fault: 'overloaded', faults: 2, retryAfter_s: 3 });
    for (const _ of [1, 2]) {
      const refused = await post();
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '3']);
    }
    expect((await post()).status).toBe(200);
    await fake.behave({ fault: 'nan', faults: 1 });
    expect(await (await post()).text()).toContain('NaN');
    await fake.behave({ fault: 'truncated', faults: 1 });
    await expect(post().then((answer) => answer.text())).rejects.toThrow('terminated');
  });
});
