import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createActiveReleases } from '@collimator/edge-agent/model/swap/active-releases';
import { releaseFolder } from '@collimator/edge-agent/model/stage/place-release';
import { part10Bytes } from '@collimator/edge-agent/study/result/elements/part10-file';
import { studyList } from '@collimator/shared/contracts/local-api';
import { openStore } from '@collimator/shared/sqlite/open-store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { checkout, collimator } from '../demo/checkout.ts';
import { type Program, startProgram } from '../demo/programs.ts';
import { waitFor } from '../demo/wait.ts';
import { freePorts } from '../free-ports.ts';
import { createTestAuthority } from '../integration/agent/certificates.ts';
import { installTestIdentity } from '../integration/agent/identity.ts';
import { installTestRoot } from '../integration/agent/trusted-root.ts';
import { mrSeries } from '../integration/study-way/mr-series.ts';
import { writeRelease } from '../integration/study-way/release-folder.ts';
import { type Orthanc, startOrthanc } from './orthanc.ts';

// The worked examples of edge-agent/docs/connect-a-pacs.md, read from the page: its configurations are those of the
// appliance and of Orthanc, and every command runs in its order with paths, names and ports of this machine put in.
// The appliance has no hub; its one release is put where an installed one lies.

const page = readFileSync(join(checkout, 'edge-agent/docs/connect-a-pacs.md'), 'utf8');
const waitMsMax = 120_000;
const testMsMax = 300_000;

let dir: string;
let ports: Record<'dicom' | 'tls' | 'api' | 'pacs' | 'orthanc' | 'http', number>;
let orthanc: Orthanc;
let agent: Program | undefined;
let stopStorescp: () => void = () => undefined;

/** The fenced blocks of a language; none is named where commands stand. */
const blocksOf = (text: string, language: string): string[] =>
  [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].flatMap(([, named, block = '']) =>
    named === language ? [block] : [],
  );
const sectionOf = (heading: string): string => page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
const commandsOf = (heading: string): string[] =>
  blocksOf(sectionOf(heading), '').flatMap((block) => block.split('\n').filter((line) => line !== ''));

/** What a person changes in the examples: where things are and where they listen. */
const local = (text: string): string =>
  [
    ['box.example.org 11112', `127.0.0.1 ${ports.dicom}`],
    ['box.example.org 2762', `127.0.0.1 ${ports.tls}`],
    ['--output-directory received 4242', `--output-directory received ${ports.pacs}`],
    ['port: 11112', `port: ${ports.dicom}, host: 127.0.0.1`],
    ['port: 2762', `port: ${ports.tls}`],
    ['host: pacs.example.org, port: 4242', `host: 127.0.0.1, port: ${ports.pacs}`],
    ['host: orthanc.example.org, port: 4243', `host: 127.0.0.1, port: ${ports.orthanc}`],
    ['http://orthanc.example.org:8042', `http://127.0.0.1:${ports.http}`],
    ['http://127.0.0.1:8042', `http://127.0.0.1:${ports.http}`],
    ['"Host": "box.example.org", "Port": 11112', `"Host": "127.0.0.1", "Port": ${ports.dicom}`],
    ['"DicomPort": 4243', `"DicomPort": ${ports.orthanc}`],
    ['192.0.2.0/24', '127.0.0.1/32'],
    ['/etc/collimator', join(dir, 'etc')],
    ['release: brain-mask-t1', 'release: bright-region'],
  ].reduce((changed, [from = '', to = '']) => changed.replaceAll(from, to), text);

async function shell(command: string): Promise<{ readonly code: number | null; readonly said: string }> {
  const env = { ...process.env, PATH: `${join(dir, 'bin')}:${process.env['PATH']}`, TCP_NODELAY: '1' };
  const child = spawn('bash', ['-c', command], { cwd: dir, env, timeout: waitMsMax });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stdin.end();
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, said };
}

async function succeeds(command: string): Promise<string> {
  const { code, said } = await shell(local(command));
  expect(code, `${command}\n${said}`).toBe(0);
  return said;
}

const answerTo = (said: ReadonlyMap<string, string>, part: string): string =>
  [...said].find(([command]) => command.includes(part))?.[1] ?? '';

const studies = async () =>
  studyList.parse(await (await fetch(`http://127.0.0.1:${ports.api}/v1/studies?limit=10`)).json(), 'studies').studies;

/** Results of so many studies are at the PACS that sent them. */
const delivered = (count: number): Promise<true> =>
  waitFor(
    async () => {
      const all = await studies();
      const done = all.filter(({ deliveries }) => deliveries.filter(({ state }) => state === 'sent').length === 2);
      return done.length === count || undefined;
    },
    { what: `the results of ${count} studies`, timeoutMs: waitMsMax, check: () => agent?.check() },
  );

function writeStudy(name: string): string[] {
  mkdirSync(join(dir, name));
  return mrSeries({ study: name, slices: 4 }).map((object, i) => {
    const file = join(dir, name, `${i}.dcm`);
    writeFileSync(file, part10Bytes(object, object.dataSet as Uint8Array, object.transferSyntaxUid));
    return file;
  });
}

/** Installed and active, as the model's way leaves it: every file with its chunks, and a row that names the digest. */
async function installRelease(dataDir: string): Promise<void> {
  const { ref, release, folder: from } = await writeRelease(join(dir, 'release'), '1.0.0');
  const files = Object.entries(release.files).map(([path, { sha256, bytes }]) => {
    const chunks = [{ offset: 0, length: bytes, encoding: 'identity' as const, sha256 }];
    return [path, { sha256, bytes, chunks }] as const;
  });
  const whole = { ...release, files: Object.fromEntries(files) };
  const manifest = JSON.stringify(whole);
  writeFileSync(join(from, 'release.json'), manifest);
  const sha256 = createHash('sha256').update(manifest).digest('hex');
  const releases = join(dataDir, 'releases');
  const folder = releaseFolder(releases, ref.name, sha256);
  mkdirSync(dirname(folder), { recursive: true });
  cpSync(from, folder, { recursive: true });
  const migrations = new URL('../../edge-agent/src/store/migrations/', import.meta.url);
  const store = await openStore({ file: join(dataDir, 'agent.sqlite'), migrations });
  const active = createActiveReleases({ store, releases, log: { event: () => undefined } });
  await active.swap({ ref: { ...ref, sha256 }, folder, release: whole }, 1, new Date(), []);
  await store.close();
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'connect-a-pacs-'));
  const [dicom = 0, tls = 0, api = 0, pacs = 0, orthancPort = 0, http = 0] = await freePorts(6);
  ports = { dicom, tls, api, pacs, orthanc: orthancPort, http };
  for (const folder of ['bin', 'received', 'etc', 'data', 'authority']) mkdirSync(join(dir, folder));
  writeFileSync(join(dir, 'bin', 'collimator'), `#!/bin/sh\nexec '${process.execPath}' '${collimator}' "$@"\n`, {
    mode: 0o755,
  });
  const authority = createTestAuthority(join(dir, 'authority'));
  const theirs = authority.client('pacs');
  for (const [from, to] of [
    [authority.server.certificate, 'box.crt'],
    [authority.server.key, 'box.key'],
    [authority.ca, 'hospital-ca.crt'],
    [theirs.certificate, 'pacs.crt'],
    [theirs.key, 'pacs.key'],
  ] as const)
    cpSync(from, join(dir, 'etc', to));
  const dataDir = join(dir, 'data');
  installTestIdentity(dataDir, authority, 'RAD-0001', 'mqtts://127.0.0.1:1');
  await installTestRoot(dir, dataDir);
  await installRelease(dataDir);
  const [yaml = ''] = blocksOf(page, 'yaml');
  const config = {
    device: { serial: 'RAD-0001', labels: {} },
    data: dataDir,
    hub: { url: 'https://127.0.0.1:1' },
    ...(parse(local(yaml)) as object),
    assembly: { complete_after_quiet_s: 1 },
    devices: [{ cpu: { threads: 1 } }],
    local_api: { port: api },
  };
  writeFileSync(join(dir, 'agent.yaml'), stringify(config));
  const [json = ''] = blocksOf(page, 'json');
  orthanc = await startOrthanc({
    ...{ folder: join(dir, 'orthanc'), aeTitle: 'ORTHANC', dicomPort: orthancPort, httpPort: http },
    appliance: { aeTitle: 'COLLIMATOR', port: dicom },
    settings: JSON.parse(local(json)) as object,
  });
  await succeeds('collimator agent config check --config agent.yaml');
  agent = startProgram(
    { name: 'agent', args: [collimator, 'agent', 'start', '--config', join(dir, 'agent.yaml')] },
    dir,
  );
  await waitFor(() => readFileSync(join(dir, 'agent.log'), 'utf8').includes('"program-started"') || undefined, {
    what: 'the appliance',
    timeoutMs: waitMsMax,
    check: () => agent?.check(),
  });
}, testMsMax);

afterAll(async () => {
  stopStorescp();
  await agent?.stop();
  await orthanc?.stop();
  rmSync(dir, { recursive: true, force: true });
});

test(
  'dcmtk: each direction by itself, the results of a study, and TLS',
  async () => {
    writeStudy('study');
    const commands = commandsOf('dcmtk');
    expect(commands.length).toBeGreaterThanOrEqual(8);
    const said = new Map<string, string>();
    for (const command of commands) {
      if (command.startsWith('storescp ')) {
        const child = spawn('storescp', local(command).split(' ').slice(1), { cwd: dir, stdio: 'ignore' });
        stopStorescp = () => child.kill('SIGKILL');
        continue;
      }
      if (command.includes('studies list')) await delivered(1);
      said.set(command, await succeeds(command));
    }
    expect(answerTo(said, 'test-send pacs')).toContain('0000H');
    expect(answerTo(said, 'studies list')).toMatch(/SEG→pacs sent, SR→pacs sent/);
    expect(answerTo(said, 'studies why')).toMatch(/to-pacs +bright-region +1 +yes/);
    const kinds = readdirSync(join(dir, 'received')).map((name) => name.split('.')[0] ?? '');
    expect(kinds.sort()).toEqual(['SC', 'SG', 'SRc']);
  },
  testMsMax,
);

test(
  'Orthanc: a study there and back, and STOW-RS',
  async () => {
    await orthanc.upload(writeStudy('of-orthanc'));
    const [study = ''] = (await orthanc.rest('GET', '/studies')) as string[];
    const before = (await studies()).length;
    const commands = commandsOf('Orthanc');
    expect(commands.length).toBeGreaterThanOrEqual(6);
    const said = new Map<string, string>();
    for (const command of commands) {
      if (command.includes('studies list')) await delivered(before + 1);
      said.set(command, await succeeds(command.replace('STUDY', study)));
    }
    expect(answerTo(said, 'test-send orthanc ')).toContain('0000H');
    expect(answerTo(said, 'test-send orthanc-web ')).toContain('0000H');
    expect(answerTo(said, 'studies list')).toMatch(/SEG→orthanc sent, SR→orthanc sent/);
    const series = (await orthanc.rest('GET', `/studies/${study}/series`)) as { MainDicomTags: { Modality: string } }[];
    expect(series.map((one) => one.MainDicomTags.Modality).sort()).toEqual(['MR', 'SEG', 'SR']);
  },
  testMsMax,
);

test('what the logs say is what the page says', async () => {
  const refused = async (command: string): Promise<string> => {
    const { code, said } = await shell(local(command));
    expect(code, said).not.toBe(0);
    return said;
  };
  const texts = [
    ['Calling AE Title Not Recognized', 'echoscu --aetitle STRANGER --call COLLIMATOR box.example.org 11112'],
    ['Called AE Title Not Recognized', 'echoscu --aetitle PACS1 --call OTHER box.example.org 11112'],
  ] as const;
  for (const [text, command] of texts) {
    expect(page).toContain(`\`${text}\``);
    expect(await refused(command)).toContain(text);
  }
  // With TLS and no certificate nobody gets in.
  await refused(
    'echoscu +tla +cf /etc/collimator/hospital-ca.crt --aetitle PACS1 --call COLLIMATOR box.example.org 2762',
  );
  const wrong = local(readFileSync(join(dir, 'agent.yaml'), 'utf8'));
  const change = (from: string, to: string): void => {
    expect(wrong).toContain(from);
    writeFileSync(join(dir, 'wrong.yaml'), wrong.replace(from, to));
  };
  change('ae_title: ORTHANC\n    host', 'ae_title: NOBODY\n    host');
  expect(await refused('collimator agent peers echo orthanc --config wrong.yaml')).toMatch(
    /associate: .*called AE title not recognized/,
  );
  // Also where senders call us: the check of the configuration would say that priors could not come.
  writeFileSync(join(dir, 'wrong.yaml'), wrong.replaceAll('COLLIMATOR', 'UNKNOWN'));
  expect(await refused('collimator agent peers test-send orthanc --config wrong.yaml')).toMatch(/store: .*A-ABORT/);
  change(`port: ${ports.orthanc}`, 'port: 1');
  expect(await refused('collimator agent peers echo orthanc --config wrong.yaml')).toMatch(/connect: .*ECONNREFUSED/);
});
