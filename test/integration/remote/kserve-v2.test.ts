import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RemoteServer } from '@collimator/shared/contracts/agent-config';
import type { RemoteRelease } from '@collimator/edge-agent/study/infer/worker/remote/remote-release';
import { startTlsFront, type TlsFront } from '../../peers/tls-front.ts';
import {
  createRemoteWorld,
  evenSlices,
  type FakeServer,
  middle,
  MODEL,
  open,
  type RemoteWorld,
  secretFile,
  serverOf,
  startFake,
} from './remote-world.ts';

const TOKEN = 'the-token-of-a-model-server';
/** More than the time in which metadata is believed, ms. */
const LATER_MS = 11_000;

describe('a release behind the KServe v2 protocol with Triton’s extensions', () => {
  let world: RemoteWorld;
  let fake: FakeServer;
  let front: TlsFront;
  const opened: RemoteRelease[] = [];
  let now_ms = 0;

  beforeAll(async () => {
    world = await createRemoteWorld();
  });
  afterAll(() => world.remove());
  beforeEach(async () => {
    fake = await startFake('kserve-v2');
    front = await startTlsFront(fake.port, world.authority.server);
    await fake.behave({ releaseSha256: world.release.sha256 });
  });
  afterEach(async () => {
    for (const { sessions } of opened.splice(0)) for (const session of sessions) await session.close();
    await front.close();
    await fake.program.stop();
  });

  const server = (more: object = {}): RemoteServer =>
    serverOf({
      protocol: 'kserve-v2',
      url: `https://127.0.0.1:${front.port}`,
      tls: { ca: world.authority.ca },
      retry: { attempts_max: 3, first_s: 0.01, most_s: 0.2 },
      ...more,
    });
  async function openHere(more: object = {}, counted?: { golden: number }): Promise<RemoteRelease> {
    const release = await open(server(more), world.release, () => now_ms, counted);
    opened.push(release);
    return release;
  }

  it('is attested by its digest and its golden outputs, and computes with binary tensors', async () => {
    const { sessions, origins, why } = await openHere();
    expect(origins).toEqual([
      { protocol: 'kserve-v2', server: `127.0.0.1:${front.port}`, model: MODEL, version: '1', attested: true },
    ]);
    expect(why).toBeUndefined();
    expect(sessions[0]).toMatchObject({ provider: 'kserve-v2', attested: true });
    expect(await middle(sessions[0], 0.25)).toBeCloseTo(0.24, 5);
    const asked = await fake.asked();
    expect(asked[`POST /v2/models/${MODEL}/infer binary`]).toBe(2);
    expect(asked[`POST /v2/models/${MODEL}/infer`]).toBeUndefined();
  });

  it.each(['binary', 'json'] as const)('gives the same answers as %s', async (tensors) => {
    const { sessions } = await openHere({ tensors });
    expect(await middle(sessions[0], 1 / 3)).toBe(Math.fround(await middle((await openHere()).sessions[0], 1 / 3)));
    const asked = await fake.asked();
    expect(asked[`POST /v2/models/${MODEL}/infer${tensors === 'binary' ? ' binary' : ''}`]).toBeGreaterThanOrEqual(2);
  });

  it('speaks JSON to a server that has no extensions, and does not ask it for a configuration', async () => {
    await fake.behave({ extensions: [] });
    const { sessions } = await openHere();
    expect(sessions[0]?.attested).toBe(true);
    const asked = await fake.asked();
    expect(asked[`POST /v2/models/${MODEL}/infer`]).toBe(1);
    expect(Object.keys(asked).filter((path) => path.includes('config'))).toEqual([]);
  });

  it('finds the digest in the configuration of the model, where Triton has it', async () => {
    await fake.behave({ digestIn: 'configuration' });
    expect((await openHere()).sessions[0]?.attested).toBe(true);
  });

  it.each([
    ['no digest', undefined, 'names no release digest'],
    ['another digest', 'b'.repeat(64), 'names the release digest b'],
  ])('is usable but not attested with %s', async (_, releaseSha256, why) => {
    await fake.program.stop();
    fake = await startFake('kserve-v2');
    await front.close();
    front = await startTlsFront(fake.port, world.authority.server);
    if (releaseSha256 !== undefined) await fake.behave({ releaseSha256 });
    const release = await openHere();
    expect(release.why).toContain(why);
    expect(release.sessions[0]?.attested).toBe(false);
    expect(release.origins[0]?.attested).toBe(false);
    expect(await middle(release.sessions[0], 0.5)).toBeCloseTo(0.49, 5);
  });

  it('is not opened where the golden outputs are others', async () => {
    await fake.behave({ bias: 0.001 });
    await expect(openHere()).rejects.toMatchObject({ code: 'golden-mismatch' });
    await fake.behave({ bias: 0 });
    await expect(open(server(), await world.otherRelease())).rejects.toMatchObject({ code: 'golden-mismatch' });
  });

  it.each([
    ['a model that is not there', { models: { 'bright-region': { model: 'nobody' } } }, 'remote-model-missing'],
    [
      'a version that is not there',
      { models: { 'bright-region': { model: MODEL, version: '7' } } },
      'remote-model-missing',
    ],
    ['no model for the release', { models: { other: { model: MODEL } } }, 'remote-model-missing'],
  ])('is not opened with %s', async (_, more, code) => {
    await expect(openHere(more)).rejects.toMatchObject({ code });
  });

  it.each(['FP16', 'INT64'] as const)(
    'takes %s where every value is a float32, checked by the golden outputs',
    async (datatype) => {
      await fake.behave({ datatype });
      // The values of this model are no integers, and half floats are too coarse for its tolerance.
      await expect(openHere()).rejects.toMatchObject({ code: 'golden-mismatch' });
      await fake.behave({ datatype: 'FP64' });
      expect((await openHere()).sessions[0]?.attested).toBe(true);
    },
  );

  describe('faults of one answer', () => {
    it.each([
      ['overloaded', 1],
      ['cut', 1],
      ['truncated', 2],
    ] as const)('%s is tried again and passes (%i times)', async (fault, faults) => {
      const { sessions } = await openHere();
      await fake.behave({ fault, faults });
      expect(await middle(sessions[0], 0.5)).toBeCloseTo(0.49, 5);
    });

    it('waits as long as the server asks for, and leaves a longer wait to others', async () => {
      const { sessions } = await openHere();
      await fake.behave({ fault: 'overloaded', faults: 1, retryAfter_s: 0 });
      expect(await middle(sessions[0], 0.5)).toBeCloseTo(0.49, 5);
      await fake.behave({ fault: 'overloaded', faults: 1, retryAfter_s: 60 });
      await expect(middle(sessions[0], 0.5)).rejects.toMatchObject({ code: 'remote-overloaded', class: 'transient' });
      expect(await middle(sessions[0], 0.5)).toBeCloseTo(0.49, 5);
    });

    it.each([
      ['overloaded', 9, 'remote-overloaded'],
      ['failed', 1, 'remote-failed'],
      ['cut', 9, 'remote-cut'],
      ['html', 1, 'remote-answer-invalid'],
      ['too-long', 1, 'remote-answer-invalid'],
      ['wrong-shape', 1, 'inference-output-invalid'],
      ['nan', 1, 'inference-output-invalid'],
    ] as const)('%s is told by name, and the next run passes', async (fault, faults, code) => {
      const { sessions } = await openHere();
      await fake.behave({ fault, faults });
      await expect(middle(sessions[0], 0.5)).rejects.toMatchObject({ code });
      await fake.behave({ faults: 0 });
      expect(await middle(sessions[0], 0.5)).toBeCloseTo(0.49, 5);
    });

    it('not a number is told in JSON too', async () => {
      const { sessions } = await openHere({ tensors: 'json' });
      await fake.behave({ fault: 'nan', faults: 1 });
      await expect(middle(sessions[0], 0.5)).rejects.toMatchObject({ code: 'inference-output-invalid' });
    });

    it('a server that is too slow is given up, and not given the same again', async () => {
      const { sessions } = await openHere({ timeouts: { response_s: 0.5 } });
      const before = (await fake.asked())[`POST /v2/models/${MODEL}/infer binary`] ?? 0;
      await fake.behave({ fault: 'slow', faults: 1 });
      await expect(middle(sessions[0], 0.5)).rejects.toMatchObject({ code: 'remote-timeout' });
      expect((await fake.asked())[`POST /v2/models/${MODEL}/infer binary`]).toBe(before + 1);
    });

    it('a connection that breaks off anywhere is told, and the golden inputs run again before the next answer counts', async () => {
      const counted = { golden: 0 };
      const { sessions } = await openHere({}, counted);
      for (const bytes of [0, 1, 100, 700]) {
        front.cutAfter(bytes);
        await expect(middle(sessions[0], 0.5)).rejects.toMatchObject({ code: 'remote-cut' });
        front.cutAfter(undefined);
        counted.golden = 0;
        expect(await middle(sessions[0], 0.5)).toBeCloseTo(0.49, 5);
        expect(counted.golden).toBe(1);
      }
    });

    it('values that are no numbers are not sent at all', async () => {
      const { sessions } = await openHere();
      const before = await fake.asked();
      await expect(middle(sessions[0], Number.NaN)).rejects.toMatchObject({ code: 'inference-output-invalid' });
      expect((await fake.asked())[`POST /v2/models/${MODEL}/infer binary`]).toBe(
        before[`POST /v2/models/${MODEL}/infer binary`],
      );
    });
  });

  describe('a model that is exchanged under us', () => {
    it('under another version is tested before its answer counts, and goes on where it is the same release', async () => {
      const counted = { golden: 0 };
      const { sessions } = await openHere({}, counted);
      await fake.behave({ version: '2' });
      expect(await middle(sessions[0], 0.5)).toBeCloseTo(0.49, 5);
      expect(counted.golden).toBe(2);
    });

    it('under another version is never used where it is another model', async () => {
      const { sessions } = await openHere();
      await fake.behave({ version: '2', bias: 1 });
      await expect(middle(sessions[0], 0.5)).rejects.toMatchObject({
        code: 'remote-model-changed',
        class: 'transient',
      });
      await fake.behave({ version: '1', bias: 0 });
      await expect(middle(sessions[0], 0.5)).rejects.toMatchObject({ code: 'remote-model-changed' });
      expect((await openHere()).sessions[0]?.attested).toBe(true);
    });

    it('and names no release any more is not used as attested', async () => {
      const { sessions } = await openHere();
      await fake.behave({ releaseSha256: 'c'.repeat(64) });
      now_ms += LATER_MS;
      await expect(middle(sessions[0], 0.5)).rejects.toMatchObject({ code: 'remote-model-changed' });
      expect((await openHere()).sessions[0]?.attested).toBe(false);
    });

    it('without a word is found out when the golden inputs run the next time', async () => {
      const { sessions } = await openHere({ attest_every_s: 60 });
      await fake.behave({ bias: 1 });
      now_ms += 59_000;
      expect(await middle(sessions[0], 0.5)).toBeCloseTo(1.49, 5);
      now_ms += 1_000;
      await expect(middle(sessions[0], 0.5)).rejects.toMatchObject({ code: 'remote-model-changed' });
    });

    it('and answers in another shape is not held against the study', async () => {
      const { sessions } = await openHere();
      await fake.behave({ fault: 'wrong-shape', faults: 9 });
      await expect(middle(sessions[0], 0.5)).rejects.toMatchObject({ code: 'remote-model-changed' });
    });
  });

  describe('trust', () => {
    it('is given to the authority of the configuration and to no other', async () => {
      await expect(openHere({ tls: { ca: world.authority.client('x').certificate } })).rejects.toMatchObject({
        code: 'remote-untrusted',
      });
      await expect(openHere({ tls: undefined })).rejects.toMatchObject({ code: 'remote-untrusted' });
    });

    it('is not given to another name, nor after the time of the certificate; a renewed one is taken without a restart', async () => {
      const { sessions } = await openHere();
      const expired = world.authority.client('expired', -1);
      front.show(expired.certificate, expired.key);
      front.cutAfter(undefined);
      await expect(middle(sessions[0], 0.5)).rejects.toMatchObject({ code: 'remote-untrusted', class: 'transient' });
      const otherName = world.authority.otherServer('elsewhere.example');
      front.show(otherName.certificate, otherName.key);
      await expect(middle(sessions[0], 0.5)).rejects.toMatchObject({ code: 'remote-untrusted' });
      const { certificate, key } = world.authority.server;
      front.show(certificate, key);
      expect(await middle(sessions[0], 0.5)).toBeCloseTo(0.49, 5);
    });

    it('is shown by a certificate of ours and by a token, each where the server asks for it', async () => {
      await front.close();
      front = await startTlsFront(fake.port, { ...world.authority.server, clientCa: world.authority.ca });
      await expect(openHere()).rejects.toMatchObject({ class: 'transient' });
      const { certificate, key } = world.authority.client('appliance');
      expect((await openHere({ tls: { ca: world.authority.ca, certificate, key } })).sessions[0]?.attested).toBe(true);
    });

    it('by a token is read anew for every request', async () => {
      await fake.program.stop();
      fake = await startFake('kserve-v2', ['--token', TOKEN]);
      await front.close();
      front = await startTlsFront(fake.port, world.authority.server);
      const token_file = secretFile(world, 'token', 'of-yesterday');
      await expect(openHere({ token_file })).rejects.toMatchObject({ code: 'remote-unauthorized' });
      const { sessions } = await openHere({ token_file: secretFile(world, 'token', TOKEN) });
      secretFile(world, 'token', 'of-tomorrow');
      await expect(middle(sessions[0], 0.5)).rejects.toMatchObject({ code: 'remote-unauthorized' });
      await expect(openHere({ token_file: world.path('nothing') })).rejects.toMatchObject({
        code: 'remote-secret-unreadable',
      });
    });

    it('has plain http on this machine only, and only where it is asked for', async () => {
      const url = `http://127.0.0.1:${fake.port}`;
      await expect(openHere({ url, tls: undefined })).rejects.toMatchObject({ code: 'remote-untrusted' });
      const elsewhere = { url: 'http://192.0.2.1:8000', tls: undefined, insecure_loopback: true };
      await expect(openHere(elsewhere)).rejects.toMatchObject({ code: 'remote-untrusted' });
      const { sessions } = await openHere({ url, tls: undefined, insecure_loopback: true });
      expect(await middle(sessions[0], 0.5)).toBeCloseTo(0.49, 5);
    });
  });

  it('keeps one connection for all of its runs', async () => {
    const { sessions } = await openHere();
    for (let run = 0; run < 5; run++) await sessions[0]?.run(evenSlices(0.1 * run, 1), ['logits']);
    // A new connection after the first would find the front closed.
    await front.close().catch(() => undefined);
    await expect(middle(sessions[0], 0.5)).rejects.toMatchObject({ code: 'remote-unreachable' });
  });

  it('that nobody listens at is unreachable', async () => {
    await fake.program.stop();
    await front.close();
    await expect(openHere()).rejects.toMatchObject({ code: 'remote-unreachable', class: 'transient' });
  });
});
