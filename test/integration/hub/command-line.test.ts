import type { DeviceSummary, RunSummary, TokenResponse } from '@collimator/shared/contracts/http-api';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { enrolAppliance } from './appliance.ts';
import { type HubFolder, makeHubFolder } from './hub-folder.ts';
import { collimatorCommand, type HubProgram, startHubProgram } from './hub-program.ts';
import { writeShortRun } from './short-run.ts';

let install: HubFolder;
let hub: HubProgram;
let env: Record<string, string>;

beforeAll(async () => {
  install = await makeHubFolder();
  hub = await startHubProgram(install);
  env = {
    COLLIMATOR_HUB_URL: hub.url,
    COLLIMATOR_HUB_CA: install.path('auth/root-ca.crt'),
    COLLIMATOR_HUB_TOKEN_FILE: install.path('auth/operator.token'),
  };
});
afterAll(async () => {
  await hub.end('SIGTERM');
  install.remove();
});

const json = async <T>(...args: string[]): Promise<T> => {
  const done = await collimatorCommand([...args, '-o', 'json'], env);
  if (done.code !== 0) throw new Error(`${args.join(' ')}: ${done.code} ${done.stderr}`);
  return JSON.parse(done.stdout) as T;
};

/** Some twenty commands, each a process of its own, and a training. */
const commandsMsMax = 240_000;

test('the way of an operator: token, devices, a run to its end, models, roll-out, retirement', {
  timeout: commandsMsMax,
}, async () => {
  const token = await json<TokenResponse>('provision', 'token', 'create', '--serial', 'RAD-9', '--expires', '30m');
  const left = Date.parse(token.expires_at) - Date.now();
  expect(left).toBeGreaterThan(29 * 60_000);
  expect(left).toBeLessThanOrEqual(30 * 60_000);

  const appliance = await enrolAppliance(hub, install, 'RAD-1');
  const listed = await json<DeviceSummary[]>('hub', 'devices', 'list');
  expect(listed).toMatchObject([{ id: 'RAD-1', status: 'registered' }]);
  const table = await collimatorCommand(['hub', 'devices', 'list'], env);
  expect(table.stdout.split('\n').slice(0, 2)).toEqual([
    expect.stringMatching(/^DEVICE +STATUS/),
    expect.stringMatching(/^RAD-1 +registered/),
  ]);

  const start = ['hub', 'runs', 'start', '--spec', writeShortRun(install, '1.0.0'), '--follow', '-o', 'json'];
  const run = await collimatorCommand(start, env);
  expect(run.code).toBe(0);
  const summary = JSON.parse(run.stdout) as RunSummary;
  expect(summary).toMatchObject({ state: 'succeeded', step: 2 });
  expect(run.stderr).toMatch(/running {2}.*step 1 /);
  expect(await json<RunSummary[]>('hub', 'runs', 'list')).toEqual([summary]);
  expect(await json<object[]>('hub', 'models', 'list')).toMatchObject([{ state: 'candidate', run: summary.id }]);

  // The same version again is refused before anything is trained; what is refused by policy ends with 3.
  const again = await collimatorCommand(start, env);
  expect(again).toMatchObject({ code: 3, stderr: expect.stringContaining('run-release-taken') });
  const rollout = ['hub', 'rollouts', 'create', '--release', 'brain-mask-t1@1.0.0', '--devices', 'RAD-1'];
  expect(await collimatorCommand(rollout, env)).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('release-not-signed'),
  });

  const keys = [1, 2].flatMap((n) => ['--targets-key', install.path(`keys/offline/targets-${n}.pem`)]);
  await json('provision', 'releases', 'sign', 'brain-mask-t1@1.0.0', '--yes', ...keys);
  expect(await json<object>(...rollout)).toMatchObject({ devices: [{ id: 'RAD-1', phase: 'pending' }] });
  expect(await json<object>('hub', 'rollouts', 'show', '1')).toMatchObject({ release: { version: '1.0.0' } });
  expect(await json<object>('hub', 'devices', 'retire', 'RAD-1')).toMatchObject({ status: 'retired' });
  expect((await collimatorCommand(['hub', 'devices', 'retire', 'RAD-1'], env)).code).toBe(3);
  appliance.remove();
});

test('a dataset, a launcher and a spec that are not there are named before anything is queued', async () => {
  const file = writeShortRun(install, '2.0.0');
  const text = readFileSync(file, 'utf8');
  const attempt = async (from: string, to: string) => {
    writeFileSync(file, text.replace(from, to));
    return collimatorCommand(['hub', 'runs', 'start', '--spec', file], env);
  };
  expect((await attempt('brain-t1@1', 'brain-t1@7')).stderr).toMatch(
    /dataset-unknown.*brain-t1@7; there is brain-t1@1/,
  );
  expect((await attempt('launcher: local', 'launcher: cloud')).stderr).toContain('run-launcher-unknown');
  expect(await attempt('batch: 8', 'batch: 0')).toMatchObject({ code: 2, stderr: expect.stringContaining('batch') });
});
