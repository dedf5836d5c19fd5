import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { loadHubConfig } from '@collimator/hub/config/load-hub-config';
import { hubConfig } from '@collimator/shared/contracts/hub-config';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type HubFolder, makeHubFolder } from './hub-folder.ts';
import { collimatorCommand } from './hub-program.ts';

let install: HubFolder;
beforeEach(async () => {
  install = await makeHubFolder();
});
afterEach(() => install.remove());

const replace = (from: string | RegExp, to: string) =>
  writeFileSync(install.configFile, readFileSync(install.configFile, 'utf8').replace(from, to));

test('a good configuration loads from anywhere, its paths relative to the file', () => {
  const config = loadHubConfig(install.configFile, {});
  expect(config.data).toBe(install.path('data'));
  expect(config.telemetry.keep_raw_hours).toBe(24);
  expect(loadHubConfig(install.configFile, { COLLIMATOR_HUB__HTTP__PORT: '9443' }).http.port).toBe(9443);
});

test('problems of the schema are named all at once', () => {
  replace('port: 0', 'port: 70000');
  replace('data: data', 'data: data\ncolour: red');
  replace('kind: local', 'kind: cloud');
  expect(() => loadHubConfig(install.configFile, {})).toThrow(/colour is not a known key/);
  expect(() => loadHubConfig(install.configFile, {})).toThrow(/http\.port/);
  expect(() => loadHubConfig(install.configFile, {})).toThrow(/training\.launchers\[0\]\.kind must be/);
});

test('problems of the files it names, of their rights and between keys are named all at once', () => {
  chmodSync(install.path('auth/issuing-ca.key'), 0o644);
  replace('auth/hub.crt', 'auth/none.crt');
  replace(
    'key: auth/issuing-ca.key',
    'key: auth/issuing-ca.key\n  device_certificate_days: 10\n  renew_after_days: 20',
  );
  const problems = [
    /http\.tls\.certificate .*none\.crt cannot be read \(ENOENT\)/,
    /authority\.key .*chmod 600/,
    /authority\.renew_after_days must be less/,
  ];
  for (const problem of problems) expect(() => loadHubConfig(install.configFile, {})).toThrow(problem);
});

test('the example configuration fits the schema', () => {
  const file = new URL('../../../hub/docs/examples/hub.yaml', import.meta.url);
  expect(hubConfig.check(parse(readFileSync(file, 'utf8')))).toMatchObject({ ok: true });
});

describe('the command line', () => {
  test('checks a configuration: 0 when it is good, 2 with every problem when not', async () => {
    const check = ['hub', 'config', 'check', '--config', install.configFile];
    expect(await collimatorCommand(check)).toMatchObject({ code: 0 });
    replace('data: data', 'data: data\ncolour: red\nsize: big');
    const refused = await collimatorCommand(check);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/colour is not a known key.*size is not a known key/s);
  });

  test('starts nothing with a bad configuration', async () => {
    replace('data: data', 'data: data\ncolour: red');
    const refused = await collimatorCommand(['hub', 'start', '--config', install.configFile]);
    expect(refused.code).toBe(2);
    expect(existsSync(install.path('data'))).toBe(false);
  });

  test('makes an authority whose secrets are for their owner only, and never a second one over it', async () => {
    const create = [
      'provision',
      'authority',
      'create',
      '--out',
      install.path('new'),
      '--hub-host',
      'hub.example.org',
      '-o',
      'json',
    ];
    const made = await collimatorCommand(create);
    expect(made.code).toBe(0);
    const files = (JSON.parse(made.stdout) as { file: string }[]).map(({ file }) => file);
    expect(files).toHaveLength(7);
    const printed = made.stdout + made.stderr;
    for (const file of files) {
      const secret = /\.(key|token)$/.test(file);
      expect([file, (statSync(file).mode & 0o777).toString(8)]).toEqual([file, secret ? '600' : '644']);
      const told = readFileSync(file, 'utf8')
        .split('\n')
        .some((line) => line.length > 30 && printed.includes(line));
      expect(told).toBe(false);
    }
    const before = readFileSync(install.path('new/root-ca.crt'));
    expect(await collimatorCommand(create)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('authority-exists'),
    });
    expect(readFileSync(install.path('new/root-ca.crt'))).toEqual(before);
  });

  test('says which hub it misses, and refuses a duration that is none', async () => {
    const token = ['provision', 'token', 'create', '--serial', 'RAD-1'];
    expect(await collimatorCommand(token)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('operator-context-missing'),
    });
    const bad = await collimatorCommand([...token, '--config', install.configFile, '--expires', 'soon']);
    expect(bad.stderr).toContain('duration-invalid');
    const clear = await collimatorCommand([...token, '--config', install.configFile, '--hub', 'http://127.0.0.1:1']);
    expect(clear).toMatchObject({ code: 2, stderr: expect.stringContaining('https://') });
    expect((await collimatorCommand(['hub', 'rollouts', 'create', '--release', 'x'])).code).toBe(2);
  });
});
