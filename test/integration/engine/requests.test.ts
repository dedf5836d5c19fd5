import { join } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { ActiveRelease } from '@collimator/edge-agent/study/assemble/route/active-releases';
import type { TensorFailure, TensorRequest } from '@collimator/edge-agent/study/infer/tensor-engine';
import type { ModelTensor } from '@collimator/edge-agent/study/infer/worker/model-session';
import type { Fault } from '@collimator/edge-agent/study/infer/worker/faults';
import type { Result } from '@collimator/shared/result';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Agent, AgentOptions } from '../study-way/agent.ts';
import { writeRelease } from '../study-way/release-folder.ts';
import { createStudyWorld, type StudyWorld } from '../study-way/study-world.ts';

let world: StudyWorld;
beforeEach(async () => {
  world = await createStudyWorld();
});
afterEach(async () => {
  delete process.env['COLLIMATOR_WORKER_FAULTS'];
  await world.close();
});

const cpu = (name: string) => ({ name, cpu: { threads: 1 }, decode_threads: 1 });

async function start(options: Partial<AgentOptions> = {}, faults: readonly Fault[] = []): Promise<Agent> {
  process.env['COLLIMATOR_WORKER_FAULTS'] = JSON.stringify(faults);
  const agent = await world.agentWith({ devices: [cpu('one'), cpu('two')], ...options });
  await vi.waitFor(() => expect(agent.way.devices().every(({ ready }) => ready)).toBe(true));
  return agent;
}

/** Two images of one value each, which the model gives back inside its border less a hundredth. */
const request = (release: ActiveRelease, value: number, more: Partial<TensorRequest> = {}): TensorRequest => ({
  ...{ sha256: release.ref.sha256, stage: 0, priority: 2, outputs: ['logits'], signal: new AbortController().signal },
  inputs: [{ name: 'image', dims: [4, 1, 16, 16], data: new Float32Array(4 * 256).fill(value) }],
  ...more,
});

type Answer = Result<readonly ModelTensor[], TensorFailure>;
const middle = (answer: Answer): number | TensorFailure =>
  answer.ok ? Math.round(1000 * (answer.value[0]?.data[8 * 16 + 8] ?? 0)) / 1000 : answer.error;

describe('a request of another program', () => {
  it('is answered with what the model gives', async () => {
    const { way } = await start();
    expect(way.tensors.models()).toMatchObject([{ ...world.release.ref, ready: true }]);
    const values = [0.11, 0.21, 0.31, 0.41];
    const answers = await Promise.all(values.map((value) => way.tensors.infer(request(world.release, value))));
    expect(answers.map(middle)).toEqual([0.1, 0.2, 0.3, 0.4]);
  });

  it('beyond the bound is turned away with a time to come back, and the others are answered', async () => {
    const { way } = await start({ inference: { requests_max: 3 } });
    const answers = await Promise.all(Array.from({ length: 8 }, () => way.tensors.infer(request(world.release, 0.51))));
    const refused = answers.filter((answer) => !answer.ok);
    expect(answers.map(middle).filter((value) => value === 0.5)).toHaveLength(3);
    expect(refused).toHaveLength(5);
    for (const { error } of refused as { error: TensorFailure }[])
      expect(error).toMatchObject({ how: 'overloaded', retryAfter_s: expect.toSatisfy((s: number) => s >= 1) });
    expect(middle(await way.tensors.infer(request(world.release, 0.51)))).toBe(0.5);
  });

  it('that nobody waits for any more is out of the queue', async () => {
    const { way } = await start({ devices: [cpu('one')] });
    const aborting = new AbortController();
    const [first, second, third] = [
      way.tensors.infer(request(world.release, 0.11)),
      way.tensors.infer(request(world.release, 0.21, { signal: aborting.signal })),
      way.tensors.infer(request(world.release, 0.31)),
    ];
    aborting.abort();
    expect(middle(await second)).toMatchObject({ how: 'failed', code: 'inference-request-cancelled' });
    expect([middle(await first), middle(await third)]).toEqual([0.1, 0.3]);
    const late = await way.tensors.infer(request(world.release, 0.2, { signal: aborting.signal }));
    expect(middle(late)).toMatchObject({ code: 'inference-request-cancelled' });
  });

  it('for what is not served says so', async () => {
    const { way } = await start();
    for (const more of [{ sha256: 'f'.repeat(64) }, { stage: 1 }])
      expect(middle(await way.tensors.infer(request(world.release, 1, more)))).toMatchObject({
        ...{ how: 'not-ready', code: 'inference-release-unknown' },
      });
  });

  it('that the model cannot take fails, and the worker goes on', async () => {
    const { way } = await start({ devices: [cpu('one')] });
    const inputs = [{ name: 'image', dims: [4, 1, 8, 8], data: new Float32Array(256) }];
    const answer = await way.tensors.infer(request(world.release, 0, { inputs }));
    expect(middle(answer)).toMatchObject({ how: 'failed', code: 'inference-failed' });
    expect(middle(await way.tensors.infer(request(world.release, 0.11)))).toBe(0.1);
    expect(world.counted('device-down')).toBe(0);
  });

  it('is answered all the same when a worker dies of it, or answers what cannot be', async () => {
    const marker = (name: string): string => join(world.folder, name);
    const faults = ['one', 'two'].flatMap((device): Fault[] => [
      { device, fault: 'die', marker: marker('died') },
      { device, fault: 'nan', marker: marker('unsound') },
    ]);
    const { way } = await start({}, faults);
    const values = [0.11, 0.21, 0.31, 0.41, 0.51];
    const answers = await Promise.all(values.map((value) => way.tensors.infer(request(world.release, value))));
    expect(answers.map(middle)).toEqual([0.1, 0.2, 0.3, 0.4, 0.5]);
    expect(world.events.some(({ fields }) => fields?.['code'] === 'inference-worker-died')).toBe(true);
  });

  it('with what no device can compute takes no device away from the others', async () => {
    const answers: unknown[] = [];
    const { way } = await start({ devices: [cpu('one')] });
    for (let i = 0; i < 6; i++) answers.push(middle(await way.tensors.infer(request(world.release, Infinity))));
    for (const answer of answers) expect(answer).toMatchObject({ how: 'failed', code: 'inference-output-invalid' });
    expect(world.counted('device-down')).toBe(0);
    expect(middle(await way.tensors.infer(request(world.release, 0.11)))).toBe(0.1);
  });

  it('waiting or running when models change is answered by the release that it asked for', async () => {
    const agent = await start({ inference: { requests_max: 500 } });
    const next = await writeRelease(join(world.folder, 'next'), '2.0.0');
    const answers: Promise<Answer>[] = [];
    for (let i = 0; i < 200; i++) answers.push(agent.way.tensors.infer(request(world.release, 0.11)));
    agent.use([next]);
    for (let i = 0; i < 100; i++) answers.push(agent.way.tensors.infer(request(next, 0.21)));
    const found = (await Promise.all(answers)).map(middle);
    expect(found.slice(0, 200).filter((value) => value !== 0.1)).toEqual([]);
    expect(found.slice(200).filter((value) => value !== 0.2)).toEqual([]);
    // The old one is served until every device has changed.
    await vi.waitFor(() => expect(agent.way.tensors.models()).toMatchObject([{ version: '2.0.0', ready: true }]));
    expect(middle(await agent.way.tensors.infer(request(world.release, 1)))).toMatchObject({ how: 'not-ready' });
  });

  it.each([
    ['one device', 1, {}, 0],
    ['two devices', 2, {}, 0],
    ['two devices whose memory does not hold both', 2, { memory_bytes_max: 2 ** 25 }, 2 ** 24 + 1],
  ])(
    'that asks for what is ready is answered throughout changes of models, with %s',
    async (_, devices, more, memory_bytes_min) => {
      const writeNext = (version: string) =>
        writeRelease(join(world.folder, version), version, 0, {}, { memory_bytes_min });
      const agent = await start({
        releases: [await writeNext('1.0.0')],
        devices: ['one', 'two'].slice(0, devices).map((name) => ({ ...cpu(name), ...more })),
      });
      const { tensors } = agent.way;
      const answered = new Map<string, number>();
      const failed: unknown[] = [];
      const over = new AbortController();
      /** Asks again as soon as it is answered; one that is `slow` has let time pass since it chose. */
      async function client(slow: boolean): Promise<void> {
        while (!over.signal.aborted) {
          const model = tensors.models().find(({ ready }) => ready);
          if (model === undefined) {
            failed.push('nothing is ready');
            await setImmediate();
            continue;
          }
          const letGo = tensors.keep(model.sha256);
          if (slow) await setTimeout(50);
          const answer = await tensors.infer(request(world.release, 0.11, { sha256: model.sha256 }));
          letGo();
          if (middle(answer) === 0.1) answered.set(model.version, (answered.get(model.version) ?? 0) + 1);
          else failed.push(answer);
        }
      }
      const clients = [false, false, false, true, true].map(client);
      for (const version of ['2.0.0', '3.0.0', '4.0.0']) {
        agent.use([await writeNext(version)]);
        const before = answered.get(version) ?? 0;
        await vi.waitUntil(() => (answered.get(version) ?? 0) > before + 20);
      }
      over.abort();
      await Promise.all(clients);
      expect(failed).toEqual([]);
      await vi.waitFor(() => expect(tensors.models()).toMatchObject([{ version: '4.0.0', ready: true }]));
    },
  );
});
