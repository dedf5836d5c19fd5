import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { dciodvfy } from '../../e2e/validators.ts';
import { freePort } from '../../free-ports.ts';
import { type Appliance, createAppliance } from './appliance.ts';
import { createTestAuthority } from './certificates.ts';
import { until } from './until.ts';

describe('peers of an appliance', () => {
  let folder: string;
  let appliance: Appliance;
  let peer: ChildProcess | undefined;
  let pacsPort: number;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'agent-'));
    pacsPort = await freePort();
    appliance = await createAppliance({
      folder,
      authority: createTestAuthority(folder),
      brokerUrl: `mqtts://127.0.0.1:${await freePort()}`,
    });
    const config: unknown = JSON.parse(readFileSync(appliance.config, 'utf8'));
    writeFileSync(appliance.config, `# of the radiology\n${stringify(config)}`);
  });
  afterEach(() => {
    peer?.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  const add = (...args: string[]) => appliance.command('peers', 'add', ...args);
  const pacs = (name: string, port: number) => [
    name,
    '--ae-title',
    'PACS1',
    '--host',
    '127.0.0.1',
    '--port',
    `${port}`,
  ];

  it('are added, tried with a test object, and named when something is wrong', async () => {
    expect(await add(...pacs('pacs', pacsPort))).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(appliance.config, 'utf8')).toMatch(/^# of the radiology\n/);
    const list = await appliance.command('peers', 'list', '-o', 'json');
    expect(JSON.parse(list.stdout)).toMatchObject([{ name: 'pacs', kind: 'dimse', port: pacsPort }]);
    expect(await add(...pacs('pacs', pacsPort))).toMatchObject({ code: 1, stdout: '' });
    const before = readFileSync(appliance.config, 'utf8');
    const wrong = await add('web', '--kind', 'stow', '--host', 'x');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/destinations\[1\]\.url/);
    expect(readFileSync(appliance.config, 'utf8')).toBe(before);

    const away = await appliance.command('peers', 'test-send', 'pacs');
    expect(away).toMatchObject({ code: 1, stdout: '' });
    expect(away.stderr).toMatch(/peer-test-failed.*pacs: connect: /);
    const received = join(folder, 'received');
    rmSync(received, { recursive: true, force: true });
    peer = spawn('storescp', ['--output-directory', folder, '-aet', 'PACS1', String(pacsPort)], { stdio: 'ignore' });
    await until('storescp answers', async () => (await appliance.command('peers', 'echo', 'pacs')).code === 0);
    const sent = await appliance.command('peers', 'test-send', 'pacs', '-o', 'json');
    expect(JSON.parse(sent.stdout)).toEqual([{ name: 'pacs', kind: 'dimse', status: '0000H', comment: null }]);
    const [file = ''] = readdirSync(folder).filter((name) => name.startsWith('SC.'));
    renameSync(join(folder, file), `${join(folder, file)}.dcm`);
    const verdict = await dciodvfy(`${join(folder, file)}.dcm`);
    expect(verdict.text).not.toMatch(/^Error/m);
    expect(verdict.code).toBe(0);
  });

  it('have nothing taken up again of a study that is not there', async () => {
    await appliance.start();
    const unknown = await appliance.command('studies', 'retry', '7');
    expect(unknown.stderr).toMatch(/study-unknown/);
    const foreign = await fetch(`${appliance.apiUrl}/v1/studies/7/retry`, { method: 'POST', body: '{}' });
    expect(foreign.status).toBe(403);
    expect(await foreign.json()).toMatchObject({ code: 'request-foreign' });
    await appliance.stop('SIGKILL');
  });
});
