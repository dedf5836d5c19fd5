import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ListeningProgram } from '../../peers/listening-program.ts';
import { startTorchServe } from '../../peers/model-servers.ts';
import { startTlsFront, type TlsFront } from '../../peers/tls-front.ts';
import { createRemoteWorld, middle, MODEL, onnxFile, open, type RemoteWorld, serverOf } from './remote-world.ts';

/**
 * A real one from PyPI: its Java front end, its Python worker and its envelope, with a handler that uses ONNX Runtime and
 * a stand-in for the one class of PyTorch that the worker asks for (python/torch).
 */
describe.each([
  ['kserve-v2', 'kservev2'],
  ['instances', undefined],
] as const)('a release on TorchServe, tensors as %s', (tensors, envelope) => {
  let world: RemoteWorld;
  let program: ListeningProgram;
  let front: TlsFront;

  beforeAll(async () => {
    world = await createRemoteWorld();
    program = await startTorchServe(world.path('torchserve'), {
      ...{ name: MODEL, version: '2.0', onnx: onnxFile },
      ...(envelope !== undefined && { envelope }),
    });
    front = await startTlsFront(program.port, world.authority.server);
  }, 600_000);
  afterAll(async () => {
    await front.close();
    await program.stop();
    world.remove();
  });

  const server = (more: object = {}) =>
    serverOf({
      ...{ protocol: 'torchserve', tensors, url: `https://localhost:${front.port}`, tls: { ca: world.authority.ca } },
      ...more,
    });

  it('computes and cannot be attested', async () => {
    const { sessions, origins, why } = await open(server(), world.release);
    expect(origins).toEqual([
      {
        ...{ protocol: 'torchserve', server: `localhost:${front.port}`, model: MODEL, attested: false },
        ...(envelope !== undefined && { version: '2.0' }),
      },
    ]);
    expect(why).toContain('names no release digest');
    expect(await middle(sessions[0], 1 / 3)).toBeCloseTo(1 / 3 - 0.01, 5);
    await sessions[0]?.close();
  });

  it('is found by its version, and not by another', async () => {
    const at = (version: string) => ({ models: { 'bright-region': { model: MODEL, version } } });
    const { sessions } = await open(server(at('2.0')), world.release);
    expect(await middle(sessions[0], 0.5)).toBeCloseTo(0.49, 5);
    await sessions[0]?.close();
    await expect(open(server(at('3.0')), world.release)).rejects.toMatchObject({ code: 'remote-model-missing' });
  });

  it('is not opened for a release with other golden outputs', async () => {
    await expect(open(server(), await world.otherRelease())).rejects.toMatchObject({ code: 'golden-mismatch' });
  });

  it('that cannot use what it is sent says so', async () => {
    const { sessions } = await open(server(), world.release);
    const wrong = [{ name: 'image', dims: [2, 1, 8, 8], data: new Float32Array(128) }];
    await expect(sessions[0]?.run(wrong, ['logits'])).rejects.toMatchObject({ class: 'transient' });
    expect(await middle(sessions[0], 0.5)).toBeCloseTo(0.49, 5);
    await sessions[0]?.close();
  });
});
