import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readSigningKey, signRelease } from '@collimator/provisioning/signing/sign-release';
import { eventAck } from '@collimator/shared/contracts/messages';
import { topics } from '@collimator/shared/contracts/topics';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { connected, enrolAppliance, event, openSession, state } from './appliance.ts';
import { type HubFolder, makeHubFolder } from './hub-folder.ts';
import { type HubProgram, startHubProgram } from './hub-program.ts';
import { runHub } from './running-hub.ts';
import { shortRun } from './short-run.ts';
import { until } from './until.ts';

// Each test starts the program two or three times, and most of them train.
vi.setConfig({ testTimeout: 240_000 });

let install: HubFolder;
const programs: HubProgram[] = [];

beforeEach(async () => {
  install = await makeHubFolder();
});
afterEach(async () => {
  for (const program of programs.splice(0)) await program.end('SIGKILL');
  install.remove();
});

const start = async (env: Record<string, string> = {}): Promise<HubProgram> => {
  const program = await startHubProgram(install, env);
  programs.push(program);
  return program;
};
const killAt = (name: string) => ({ COLLIMATOR_KILL_AT: name, COLLIMATOR_KILL_MARKER: install.path(`killed-${name}`) });

const finished = (hub: HubProgram, id: string) =>
  until(
    `run ${id} ends`,
    async () => {
      const run = await hub.operator.showRun(id);
      return run.state === 'succeeded' || run.state === 'failed' ? run : undefined;
    },
    90_000,
  );
const sign = async (hub: HubProgram, version = '1.0.0') => {
  const keys = await Promise.all([1, 2].map((n) => readSigningKey(install.path(`keys/offline/targets-${n}.pem`))));
  return signRelease(hub.operator, { name: 'brain-mask-t1', version }, keys, async () => true);
};

test('a restart keeps devices, states, events, runs, releases, signatures, roll-outs and the audit log', async () => {
  const first = await start();
  const appliance = await enrolAppliance(first, install, 'RAD-1');
  const session = await connected(openSession(appliance));
  await session.publishAsync(topics.state('RAD-1'), JSON.stringify(state('RAD-1')), { qos: 1 });
  await session.publishAsync(topics.events('RAD-1'), JSON.stringify(event('RAD-1', 1)), { qos: 1 });
  await until('the event is seen', async () => (await first.operator.showDevice('RAD-1')).last_event !== null);
  await session.endAsync();
  const run = await finished(first, (await first.operator.startRun(shortRun())).id);
  expect(run).toMatchObject({ state: 'succeeded', error: null, release: { name: 'brain-mask-t1', version: '1.0.0' } });
  await sign(first);
  const rollout = await first.operator.createRollout({
    release: 'brain-mask-t1',
    version: '1.0.0',
    devices: ['RAD-1'],
  });
  const before = await everything(first);
  expect(await first.end('SIGTERM')).toBe(0);

  const second = await start();
  const after = await everything(second);
  expect(after).toEqual({ ...before, devices: before.devices.map((d) => ({ ...d, online: false, status: 'silent' })) });

  // What was retained is published again by the hub: the appliance hears its assignment from the new broker.
  const again = openSession(appliance, { port: second.mqttPort });
  const heard = new Map<string, string>();
  again.on('message', (topic, payload) => heard.set(topic, payload.toString()));
  await connected(again);
  await again.subscribeAsync([topics.assignments('RAD-1'), topics.fleetTimestamp], { qos: 1 });
  await until('assignment and timestamp', () => heard.size === 2);
  expect(JSON.parse(heard.get(topics.assignment('RAD-1', 'brain-mask-t1')) ?? '')).toMatchObject({
    signed: { device: 'RAD-1', release: rollout.release },
  });
  await again.endAsync();
  appliance.remove();
});

const everything = async (hub: HubProgram) => ({
  devices: await hub.operator.listDevices(),
  runs: await hub.operator.listRuns(),
  models: await hub.operator.listModels(),
  rollouts: await hub.operator.listRollouts(),
  audit: await hub.operator.get('/v1/audit'),
});

describe('a hub that is killed', () => {
  test('after an event was stored and before it was acknowledged, acknowledges the repeat', async () => {
    const first = await start(killAt('hub-event-stored'));
    const appliance = await enrolAppliance(first, install, 'RAD-1');
    const session = await connected(openSession(appliance));
    const acks: number[] = [];
    const listen = (client: typeof session) =>
      client.on('message', (_topic, payload) =>
        acks.push(eventAck.parse(JSON.parse(payload.toString()), 'ack').through_seq),
      );
    listen(session);
    await session.subscribeAsync(topics.acks('RAD-1'), { qos: 1 });
    session.publish(topics.events('RAD-1'), JSON.stringify(event('RAD-1', 1)), { qos: 1 });
    expect(await first.ended).toBe('SIGKILL');
    session.end(true);
    expect(acks).toEqual([]);

    const second = await start(killAt('hub-event-stored'));
    expect((await second.operator.showDevice('RAD-1')).last_event).toMatchObject({ phase: 'announced' });
    const again = await connected(openSession(appliance, { port: second.mqttPort }));
    listen(again);
    await again.subscribeAsync(topics.acks('RAD-1'), { qos: 1 });
    again.publish(topics.events('RAD-1'), JSON.stringify(event('RAD-1', 1)), { qos: 1 });
    await until('the ack', () => acks.length > 0);
    expect(acks).toEqual([1]);
    await again.endAsync();
    appliance.remove();
  });

  test('after a release was registered and before its run was, ends the run without training again', async () => {
    const first = await start(killAt('hub-run-registered'));
    const { id } = await first.operator.startRun(shortRun());
    expect(await first.ended).toBe('SIGKILL');
    const second = await start();
    const run = await finished(second, id);
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    expect(second.log()).not.toContain('run-started');
    expect(await second.operator.listModels()).toMatchObject([{ name: 'brain-mask-t1', version: '1.0.0', run: id }]);
  });

  test('while it trains, starts the run over, and nothing of the first attempt is left', async () => {
    const first = await start();
    const { id } = await first.operator.startRun(shortRun('1.0.0', 10));
    await until('it trains', async () => (await first.operator.showRun(id)).step >= 1, 60_000);
    const [trainer] = childrenOf(first.process.pid ?? 0);
    expect(trainer).toBeDefined();
    await first.end('SIGKILL');
    await until('the orphaned training ends', () => hasEnded(trainer ?? 0));
    const second = await start();
    expect(second.log()).toContain('run-started-over');
    expect(await finished(second, id)).toMatchObject({ state: 'succeeded' });
    expect(readdirSync(install.path(`data/runs/${id}`))).toEqual(['2']);
    expect(existsSync(install.path(`data/runs/${id}/2/release/release.json`))).toBe(true);
  });

  test('after targets were signed and after a roll-out was made, has both', async () => {
    const first = await start(killAt('hub-targets-signed'));
    const appliance = await enrolAppliance(first, install, 'RAD-1');
    await finished(first, (await first.operator.startRun(shortRun())).id);
    await expect(sign(first)).rejects.toMatchObject({ code: 'hub-unreachable' });
    expect(await first.ended).toBe('SIGKILL');

    const second = await start(killAt('hub-rollout-created'));
    expect(await second.operator.listModels()).toMatchObject([{ state: 'signed' }]);
    const request = { release: 'brain-mask-t1', version: '1.0.0', devices: ['RAD-1'] };
    await expect(second.operator.createRollout(request)).rejects.toMatchObject({ code: 'hub-unreachable' });
    expect(await second.ended).toBe('SIGKILL');

    const third = await start();
    expect(await third.operator.listRollouts()).toMatchObject([{ devices: [{ id: 'RAD-1' }] }]);
    const audit = (await third.operator.get('/v1/audit?limit=1000')) as { action: string }[];
    expect(audit.map((record) => record.action)).toEqual(
      expect.arrayContaining(['targets-submitted', 'rollout-requested']),
    );
    appliance.remove();
  });
});

/** Processes that a process started and that are still there (Linux). */
const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

/** Whether a process is gone, or only waits for its parent to hear of it. */
function hasEnded(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return true;
    throw error;
  }
}

test('two hubs never share a data folder', async () => {
  const install = await makeHubFolder();
  const hub = await runHub(install);
  await expect(runHub(install)).rejects.toMatchObject({ code: 'data-dir-in-use' });
  await hub.stop();
  await (await runHub(install)).stop();
  install.remove();
});
