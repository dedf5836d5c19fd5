import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RemoteServer } from '@collimator/shared/contracts/agent-config';
import type { ListeningProgram } from '../../peers/listening-program.ts';
import { startMlServer } from '../../peers/model-servers.ts';
import { startTlsFront, type TlsFront } from '../../peers/tls-front.ts';
import { createRemoteWorld, middle, MODEL, onnxFile, open, type RemoteWorld, serverOf } from './remote-world.ts';

/** A real one from PyPI with ONNX Runtime in it; it has no TLS of its own, so a front has it. */
describe('a release on MLServer', () => {
  let world: RemoteWorld;
  let program: ListeningProgram;
  let front: TlsFront;

  const start = (extra: object): Promise<ListeningProgram> =>
    startMlServer(world.path('mlserver'), { name: MODEL, version: 'v3', onnx: onnxFile, extra });
  beforeAll(async () => {
    world = await createRemoteWorld();
    program = await start({ collimator_release_sha256: world.release.sha256 });
    front = await startTlsFront(program.port, { ...world.authority.server, clientCa: world.authority.ca });
  }, 600_000);
  afterAll(async () => {
    await front.close();
    await program.stop();
    world.remove();
  });

  function server(more: object = {}): RemoteServer {
    const { certificate, key } = world.authority.client('appliance');
    return serverOf({
      protocol: 'kserve-v2',
      url: `https://localhost:${front.port}`,
      tls: { ca: world.authority.ca, certificate, key },
      ...more,
    });
  }

  it('is attested and computes, in JSON, since it has no binary tensors', async () => {
    const { sessions, origins } = await open(server(), world.release);
    expect(origins).toEqual([
      { protocol: 'kserve-v2', server: `localhost:${front.port}`, model: MODEL, version: 'v3', attested: true },
    ]);
    expect(await middle(sessions[0], 1 / 3)).toBeCloseTo(1 / 3 - 0.01, 5);
    await sessions[0]?.close();
  });

  it('is found by its version, and not by another', async () => {
    const at = (version: string) => ({ models: { 'bright-region': { model: MODEL, version } } });
    const { sessions } = await open(server(at('v3')), world.release);
    expect(sessions[0]?.attested).toBe(true);
    await expect(open(server(at('v4')), world.release)).rejects.toMatchObject({ code: 'remote-model-missing' });
    await sessions[0]?.close();
  });

  it('is not opened for a release with other golden outputs', async () => {
    await expect(open(server(), await world.otherRelease())).rejects.toMatchObject({ code: 'golden-mismatch' });
  });

  it('refuses what its runtime cannot read, by name, and its model is tested again', async () => {
    const counted = { golden: 0 };
    const { sessions } = await open(server(), world.release, Date.now, counted);
    const wrong = [{ name: 'image', dims: [2, 1, 8, 8], data: new Float32Array(128) }];
    await expect(sessions[0]?.run(wrong, ['logits'])).rejects.toMatchObject({ code: 'remote-failed' });
    expect(await middle(sessions[0], 0.5)).toBeCloseTo(0.49, 5);
    await sessions[0]?.close();
  });

  it('cut off in the middle of an answer is told, and answers again afterwards', async () => {
    const { sessions } = await open(server(), world.release);
    front.cutAfter(2_000);
    await expect(middle(sessions[0], 0.5)).rejects.toMatchObject({ code: 'remote-cut' });
    front.cutAfter(undefined);
    expect(await middle(sessions[0], 0.5)).toBeCloseTo(0.49, 5);
    await sessions[0]?.close();
  });

  it('that is set up anew with another model is found out before its first answer counts', async () => {
    const { sessions } = await open(server(), world.release);
    await program.stop();
    await expect(middle(sessions[0], 0.5)).rejects.toMatchObject({ class: 'transient' });
    program = await start({ collimator_release_sha256: world.release.sha256, bias: 0.25 });
    front.passTo(program.port);
    await expect(middle(sessions[0], 0.5)).rejects.toMatchObject({ code: 'remote-model-changed', class: 'transient' });
    await expect(open(server(), world.release)).rejects.toMatchObject({ code: 'golden-mismatch' });
    await sessions[0]?.close();
  });
});
