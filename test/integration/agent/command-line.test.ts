import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Appliance, createAppliance } from './appliance.ts';
import { createTestAuthority, type TestAuthority } from './certificates.ts';
import { freePort } from '../../free-ports.ts';
import { until } from './until.ts';

describe('the command line of an appliance', () => {
  let folder: string;
  let authority: TestAuthority;
  let appliance: Appliance;
  let peer: ChildProcess | undefined;
  let mute: Server | undefined;
  let pacsPort: number;
  let closedPort: number;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'agent-'));
    authority = createTestAuthority(folder);
    pacsPort = await freePort();
    closedPort = await freePort();
    appliance = await createAppliance({
      folder,
      authority,
      brokerUrl: `mqtts://127.0.0.1:${await freePort()}`,
      destinations: [
        { name: 'pacs', kind: 'dimse', ae_title: 'PACS1', host: '127.0.0.1', port: pacsPort },
        { name: 'gone', kind: 'dimse', ae_title: 'PACS2', host: '127.0.0.1', port: closedPort },
      ],
    });
  });
  afterEach(async () => {
    await appliance.stop('SIGKILL');
    peer?.kill('SIGKILL');
    mute?.close();
    rmSync(folder, { recursive: true });
  });

  it('echoes a destination', async () => {
    peer = spawn('storescp', ['-od', folder, '-aet', 'PACS1', String(pacsPort)], { stdio: 'ignore' });
    await until('storescp answers', async () => (await appliance.command('peers', 'echo', 'pacs')).code === 0);
    const json = await appliance.command('peers', 'echo', 'pacs', '-o', 'json');
    expect(json.stderr).toBe('');
    const [result] = JSON.parse(json.stdout) as Record<string, unknown>[];
    expect(result).toMatchObject({ name: 'pacs', ae_title: 'PACS1', address: `127.0.0.1:${pacsPort}` });
    expect(result?.['round_trip_ms']).toBeGreaterThan(0);
    expect((await appliance.command('peers', 'echo', 'pacs')).stdout).toMatch(/^NAME +AE TITLE +ADDRESS/);
  });

  it('names the step at which an echo failed', async () => {
    const gone = await appliance.command('peers', 'echo', 'gone');
    expect(gone).toMatchObject({ code: 1, stdout: '' });
    expect(gone.stderr).toMatch(/peer-echo-failed.*gone \(PACS2 at 127\.0\.0\.1:\d+\): connect: /);

    peer = spawn('storescp', ['--refuse', '-od', folder, String(pacsPort)], { stdio: 'ignore' });
    let refused = await appliance.command('peers', 'echo', 'pacs');
    await until('storescp refuses', async () => {
      refused = await appliance.command('peers', 'echo', 'pacs');
      return !refused.stderr.includes(': connect: ');
    });
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/peer-echo-failed.*: associate: PACS1: rejected/);
  });

  it('lists destinations and knows an unknown one', async () => {
    const list = await appliance.command('peers', 'list', '-o', 'json');
    expect((JSON.parse(list.stdout) as { name: string }[]).map((d) => d.name)).toEqual(['pacs', 'gone']);
    expect(await appliance.command('peers', 'echo', 'nobody')).toMatchObject({ code: 1, stdout: '' });
    expect(await appliance.command('peers', 'echo')).toMatchObject({ code: 2 });
  });

  it('shows the status to people and to programs, and says when there is no agent', async () => {
    expect(await appliance.command('status')).toMatchObject({ code: 1, stdout: '' });
    await appliance.start();
    const table = await appliance.command('status');
    expect(table.stdout).toMatch(/^device +RAD-0001, agent \d+\.\d+\.\d+, up \d+ s$/m);
    expect(table.stdout).toMatch(/^ready +yes$/m);
    const json = await appliance.command('status', '-o', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({ device: { id: 'RAD-0001' }, readiness: { ready: true } });
    expect(await appliance.command('studies', 'list', '-o', 'json')).toMatchObject({ code: 0, stdout: '[]\n' });
    const unknown = await appliance.command('studies', 'why', '7');
    expect(unknown).toMatchObject({ code: 1, stdout: '' });
    expect(unknown.stderr).toContain('study-unknown');
    const first = await appliance.command('studies', 'prioritize', '7', '--priority', 'stat');
    expect(first).toMatchObject({ code: 1, stdout: '' });
    expect(first.stderr).toContain('study-unknown');
    expect(await appliance.command('studies', 'prioritize', '7', '--priority', 'soon')).toMatchObject({ code: 2 });
    expect(table.stdout).toMatch(/^DEVICE +STATE +PROVIDER +WORKERS/m);
  });

  it('refuses a second agent on the same data folder, and frees it after SIGKILL', async () => {
    await appliance.start();
    const second = await appliance.command('start');
    expect(second.code).toBe(3);
    expect(second.stderr).toMatch(/data-dir-in-use/);
    await appliance.stop('SIGKILL');
    await appliance.start();
  });

  it('says which address is taken', async () => {
    const config = JSON.parse(readFileSync(appliance.config, 'utf8')) as { dicom: { listen: { port: number }[] } };
    const taken = createServer();
    mute = taken;
    await new Promise<void>((resolve) => {
      taken.listen(config.dicom.listen[0]?.port, '127.0.0.1', resolve);
    });
    const failed = await appliance.command('start');
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/listen-failed.*dicom\.listen 127\.0\.0\.1:\d+ \(EADDRINUSE\)/);
  });

  it('asks for an enrolment when there is none', async () => {
    rmSync(join(appliance.dataDir, 'identity'), { recursive: true });
    const failed = await appliance.command('start');
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/not-enrolled.*collimator agent enrol/);
  });

  it('reports every problem of a configuration at once and starts nothing', async () => {
    expect(await appliance.command('config', 'check')).toMatchObject({ code: 0, stderr: '' });
    const config = JSON.parse(readFileSync(appliance.config, 'utf8')) as Record<string, object>;
    writeFileSync(
      appliance.config,
      JSON.stringify({
        ...config,
        colour: 'red',
        // A file where the data folder should be: not even root can write there.
        data: join(appliance.config, 'data'),
        assembly: { complete_after_quiet_s: -1 },
        routes: [{ release: 'brain-mask-t1', destinations: ['archive'], objects: ['SEG'] }],
        dicom: {
          ...config['dicom'],
          listen: [
            { port: 11112 },
            { host: '127.0.0.1', port: 11112, tls: { certificate: '/nowhere/a.crt', key: '/nowhere/a.key' } },
          ],
        },
      }),
    );
    for (const args of [['config', 'check'], ['start']]) {
      const { code, stderr } = await appliance.command(...args);
      expect(code).toBe(2);
      for (const path of [
        'colour is not a known key',
        'assembly.complete_after_quiet_s must be > 0',
        'routes[0].destinations[0] archive is not the name of a destination',
        'dicom.listen[1].port 11112 is the port of dicom.listen[0] too',
        'dicom.listen[1].tls.certificate /nowhere/a.crt cannot be read (ENOENT)',
        'dicom.listen[1].tls.key /nowhere/a.key cannot be read (ENOENT)',
        `data ${appliance.config} is not a folder`,
      ]) {
        expect(stderr).toContain(path);
      }
    }
  });
});
