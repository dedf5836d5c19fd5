import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createRemoteWorld,
  type FakeServer,
  middle,
  MODEL,
  open,
  type RemoteWorld,
  serverOf,
  startFake,
} from './remote-world.ts';

/** TensorFlow Serving is not on PyPI: the fake of test/fakes/model-server speaks its published REST API. */
describe.each(['columnar', 'row'] as const)('a release on TensorFlow Serving, tensors %s', (tensors) => {
  let world: RemoteWorld;
  let fake: FakeServer;

  beforeAll(async () => {
    world = await createRemoteWorld();
  });
  afterAll(() => world.remove());
  beforeEach(async () => {
    fake = await startFake('tf-serving');
  });
  afterEach(() => fake.program.stop());

  const server = (more: object = {}) =>
    serverOf({
      ...{ protocol: 'tf-serving', tensors, url: `http://127.0.0.1:${fake.port}`, insecure_loopback: true },
      ...more,
    });

  it('computes and cannot be attested', async () => {
    const { sessions, origins, why } = await open(server(), world.release);
    expect(origins).toEqual([
      { protocol: 'tf-serving', server: `127.0.0.1:${fake.port}`, model: MODEL, version: '1', attested: false },
    ]);
    expect(why).toContain('names no release digest');
    expect(await middle(sessions[0], 1 / 3)).toBeCloseTo(1 / 3 - 0.01, 5);
  });

  it('is found by its version and signature, and not by others', async () => {
    const at = (version: string) => ({ models: { 'bright-region': { model: MODEL, version } } });
    const { sessions } = await open(server(at('1')), world.release);
    expect(await middle(sessions[0], 0.5)).toBeCloseTo(0.49, 5);
    await expect(open(server(at('2')), world.release)).rejects.toMatchObject({ code: 'remote-model-missing' });
    await expect(open(server({ signature: 'train' }), world.release)).rejects.toMatchObject({
      code: 'remote-model-unfit',
    });
  });

  it('is not opened for a release with other golden outputs', async () => {
    await expect(open(server(), await world.otherRelease())).rejects.toMatchObject({ code: 'golden-mismatch' });
  });

  it('takes doubles that are float32, by the type in the metadata', async () => {
    await fake.behave({ datatype: 'FP64' });
    const { sessions } = await open(server(), world.release);
    expect(await middle(sessions[0], 0.5)).toBeCloseTo(0.49, 5);
  });

  it.each([
    ['nan', 'inference-output-invalid'],
    ['wrong-shape', 'inference-output-invalid'],
    ['failed', 'remote-failed'],
    ['html', 'remote-answer-invalid'],
  ] as const)('tells %s by name, and goes on', async (fault, code) => {
    const { sessions } = await open(server(), world.release);
    await fake.behave({ fault, faults: 1 });
    await expect(middle(sessions[0], 0.5)).rejects.toMatchObject({ code });
    expect(await middle(sessions[0], 0.5)).toBeCloseTo(0.49, 5);
  });

  it('tests a new version that somebody loaded before it counts', async () => {
    let now_ms = 0;
    const counted = { golden: 0 };
    const { sessions } = await open(server(), world.release, () => now_ms, counted);
    await fake.behave({ version: '2' });
    now_ms += 10_000;
    expect(await middle(sessions[0], 0.5)).toBeCloseTo(0.49, 5);
    expect(counted.golden).toBe(2);
    await fake.behave({ version: '3', bias: 1 });
    now_ms += 10_000;
    await expect(middle(sessions[0], 0.5)).rejects.toMatchObject({ code: 'remote-model-changed' });
  });
});
