import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bodyOf, MULTIPART } from '../../conformance/stow/posting.ts';
import { freePort } from '../../free-ports.ts';
import { type Appliance, createAppliance } from './appliance.ts';
import { createTestAuthority, type TestAuthority } from './certificates.ts';
import { marks, writeMarkedStudy } from './marked-study.ts';
import { until } from './until.ts';

const run = promisify(execFile);
const token = 'the-token-of-the-archive';

describe('an appliance that takes images by STOW-RS over https', () => {
  let folder: string;
  let authority: TestAuthority;
  let appliance: Appliance;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'agent-'));
    authority = createTestAuthority(folder);
    const token_file = join(folder, 'token');
    writeFileSync(token_file, `${token}\n`, { mode: 0o600 });
    for (const kind of ['certificate', 'key'] as const)
      copyFileSync(authority.server[kind], join(folder, `api.${kind}`));
    appliance = await createAppliance({
      ...{ folder, authority, brokerUrl: `mqtts://127.0.0.1:${await freePort()}` },
      localApi: {
        tls: { certificate: join(folder, 'api.certificate'), key: join(folder, 'api.key'), client_ca: authority.ca },
        stow: {
          enabled: true,
          sources: [
            { name: 'ARCHIVE', address: '127.0.0.1', token_file },
            { name: 'VIEWER', address: '127.0.0.0/8', certificate_name: 'viewer' },
          ],
        },
      },
    });
    await appliance.start();
  });
  afterEach(async () => {
    await appliance.stop('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  /** The status that curl got. */
  async function curl(...args: readonly string[]): Promise<number> {
    const { stdout } = await run('curl', [
      ...[
        '-sS',
        '-o',
        '/dev/null',
        '-w',
        '%{http_code}',
        '--cacert',
        authority.ca,
        '-X',
        'POST',
        '-T',
        join(folder, 'body'),
      ],
      ...['-H', `Content-Type: ${MULTIPART}`, ...args, `${appliance.apiUrl}/dicom-web/studies`],
    ]);
    return Number(stdout);
  }
  const bearer = (text: string) => ['-H', `Authorization: Bearer ${text}`];
  const certificate = (name: string) => {
    const { certificate: cert, key } = authority.client(name);
    return ['--cert', cert, '--key', key];
  };

  it('lets in who has the token or the certificate, takes the study on its way, and tells nobody whose it is', async () => {
    const files = writeMarkedStudy(folder, 3).map((file) => readFileSync(file));
    writeFileSync(join(folder, 'body'), bodyOf(files));
    expect(await curl()).toBe(401);
    expect(await curl(...bearer('the-token-of-somebody'))).toBe(401);
    expect(await curl(...certificate('somebody'))).toBe(401);
    expect(await curl(...certificate('viewer'))).toBe(200);
    expect(await curl(...bearer(token))).toBe(200);
    writeFileSync(join(folder, 'token'), 'a-new-token-of-the-archive', { mode: 0o600 });
    expect(await curl(...bearer(token))).toBe(401);
    expect(await curl(...bearer('a-new-token-of-the-archive'))).toBe(200);
    // A corrected copy: set aside, and held until a person decides, as for C-STORE.
    const changed = files.map((file) => Buffer.concat([file.subarray(0, -2), Buffer.from([9, 9])]));
    writeFileSync(join(folder, 'body'), bodyOf(changed));
    expect(await curl(...bearer('a-new-token-of-the-archive'))).toBe(200);

    // The commands of this machine trust the certificate of the configuration.
    await until('the study is held', async () => {
      const { code, stdout } = await appliance.command('studies', 'list', '-o', 'json');
      expect(code).toBe(0);
      const studies = JSON.parse(stdout) as readonly { state: string; instances: number }[];
      return studies[0]?.state === 'held' && studies[0].instances === 3;
    });
    const kept = await appliance.command('quarantine', 'list', '-o', 'json');
    const objects = JSON.parse(kept.stdout) as readonly { entry: number; calling_ae_title: string }[];
    expect(objects.map(({ calling_ae_title }) => calling_ae_title)).toEqual(['ARCHIVE', 'ARCHIVE', 'ARCHIVE']);
    expect((await appliance.command('quarantine', 'discard', String(objects[0]?.entry))).code).toBe(0);

    const told = [kept.stdout];
    for (const path of ['/metrics', '/v1/status', '/v1/studies'])
      told.push((await run('curl', ['-sS', '--cacert', authority.ca, `${appliance.apiUrl}${path}`])).stdout);
    expect(told[1]).toContain('collimator_stow_requests_total{outcome="finished"} 4');
    expect(told[1]).toContain('collimator_stow_requests_total{outcome="refused"} 4');
    expect(await appliance.stop('SIGTERM')).toBe(0);
    const everything = [...told, appliance.output()].join('\n').toLowerCase();
    expect(everything).toContain('stow-finished');
    expect(everything).toContain('stow-refused');
    expect(everything).not.toContain(token);
    const found = [...Object.values(marks), ...marks.name.split('^')].filter((mark) =>
      everything.includes(mark.toLowerCase()),
    );
    expect(found).toEqual([]);
  });

  it('shows a renewed certificate without a restart', async () => {
    const renewed = createTestAuthority(mkdtempSync(join(folder, 'renewed-')));
    const status = async (ca: string) =>
      (await run('curl', ['-s', '--cacert', ca, `${appliance.apiUrl}/livez`]).catch(() => ({ stdout: '' }))).stdout;
    expect(await status(authority.ca)).toContain('true');
    for (const kind of ['certificate', 'key'] as const) copyFileSync(renewed.server[kind], join(folder, `api.${kind}`));
    await until('the new one is shown', async () => (await status(renewed.ca)).includes('true'));
    expect(await status(authority.ca)).toBe('');
    expect(appliance.events().map(({ event }) => event)).toContain('local-api-tls-reloaded');
  });
});
