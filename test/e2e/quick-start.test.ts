import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentStatus, studyList } from '@collimator/shared/contracts/local-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkout, collimator } from '../demo/checkout.ts';
import { type Program, startProgram } from '../demo/programs.ts';
import { waitFor } from '../demo/wait.ts';
import { writeMrSeries } from '../fixtures/mr-series/make-series.ts';
import { freePorts } from '../free-ports.ts';
import { type Orthanc, startOrthanc } from './orthanc.ts';

// The quick start of README.md, read from README.md: every command in its order, with paths, names and ports of this
// machine put in, against a real PACS. A command that README.md gains or loses is run or missed here.

const stepMsMax = 120_000;
const testMsMax = 600_000;
/** Enough for a model that says something; how good it is, the demo's test tells. */
const stepsMax = '6';

let dir: string;
let orthanc: Orthanc;
let ports: Record<'http' | 'mqtt' | 'dicom' | 'api' | 'pacs', number>;
const programs: Program[] = [];

/** The commands between the heading and the next one, without their comments. */
function commandsOfReadme(): string[] {
  const readme = readFileSync(join(checkout, 'README.md'), 'utf8');
  const section = readme.split('## Quick start with a real PACS')[1]?.split('\n## ')[0] ?? '';
  const blocks = [...section.matchAll(/^```\n(.*?)^```/gms)].map((match) => match[1] ?? '');
  return blocks
    .flatMap((block) => block.split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '');
}

/** What a person changes in the examples and in the commands: where things are and where they listen. */
const local = (text: string): string =>
  [
    ['https://hub.example.org:8443', `https://127.0.0.1:${ports.http}`],
    ['mqtts://hub.example.org:8883', `mqtts://127.0.0.1:${ports.mqtt}`],
    ['hub.example.org', '127.0.0.1'],
    ['port: 8443', `port: ${ports.http}`],
    ['port: 8883', `port: ${ports.mqtt}`],
    ['port: 11112', `port: ${ports.dicom}`],
    ['port: 8080', `port: ${ports.api}`],
    ['host: pacs.example.org, port: 104', `host: 127.0.0.1, port: ${ports.pacs}`],
    ['192.0.2.0/24', '127.0.0.1/32'],
    ['complete_after_quiet_s: 20', 'complete_after_quiet_s: 2'],
    ['/etc/collimator', join(dir, 'etc')],
    ['/media/offline', join(dir, 'offline')],
    ['--ca root-ca.crt', `--ca ${join(dir, 'etc', 'root-ca.crt')}`],
    ['/var/lib/collimator-hub', join(dir, 'hub')],
    ['/var/lib/collimator', join(dir, 'appliance')],
    ['steps_max: 60', `steps_max: ${stepsMax}`],
  ].reduce((changed, [from = '', to = '']) => changed.replaceAll(from, to), text);

/** One command in a shell, on a terminal of its own when it asks a question, which is answered with yes. */
async function shell(command: string): Promise<string> {
  const asks = command.includes('releases sign');
  const args = asks ? ['script', '-qefc', command, '/dev/null'] : ['bash', '-c', command];
  const child = spawn(args[0] ?? '', args.slice(1), {
    cwd: dir,
    env: { ...process.env, PATH: `${join(dir, 'bin')}:${process.env['PATH']}` },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: stepMsMax,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (asks && text.includes('Sign this?')) child.stdin.write('y\n');
    });
  }
  if (!asks) child.stdin.end();
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code, `${command}\n${said}`).toBe(0);
  return said;
}

/** Ready when it says so itself: the hub by /readyz over HTTPS, the appliance by its local API. */
async function startInBackground(command: string): Promise<void> {
  const [, program = '', ...rest] = command.split(' ');
  const args = rest.map((word) => (word.endsWith('.yaml') ? join(dir, word) : word));
  const started = startProgram({ name: program, args: [collimator, program, ...args] }, dir);
  programs.push(started);
  await waitFor(() => readFileSync(join(dir, `${program}.log`), 'utf8').includes('"program-started"') || undefined, {
    what: `${program} does not start`,
    timeoutMs: stepMsMax,
    check: () => started.check(),
  });
}

const ask = async (path: string): Promise<unknown> => (await fetch(`http://127.0.0.1:${ports.api}${path}`)).json();

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'quick-start-'));
  const [http = 0, mqtt = 0, dicom = 0, api = 0, pacs = 0, rest = 0] = await freePorts(6);
  ports = { http, mqtt, dicom, api, pacs };
  mkdirSync(join(dir, 'bin'));
  writeFileSync(join(dir, 'bin', 'collimator'), `#!/bin/sh\nexec '${process.execPath}' '${collimator}' "$@"\n`, {
    mode: 0o755,
  });
  symlinkSync(join(checkout, 'test'), join(dir, 'test'));
  for (const example of [
    'hub/docs/examples/hub.yaml',
    'hub/docs/examples/run.yaml',
    'edge-agent/docs/examples/agent.yaml',
  ])
    writeFileSync(join(dir, example.split('/').at(-1) ?? ''), local(readFileSync(join(checkout, example), 'utf8')));
  cpSync(join(checkout, 'hub/docs/examples/release.json'), join(dir, 'release.json'));
  const appliance = { aeTitle: 'COLLIMATOR', port: dicom };
  orthanc = await startOrthanc({
    ...{ folder: join(dir, 'orthanc'), aeTitle: 'PACS1', dicomPort: pacs, httpPort: rest },
    appliance,
  });
}, testMsMax);

afterAll(async () => {
  for (const program of programs.toReversed()) await program.stop();
  await orthanc?.stop();
  rmSync(dir, { recursive: true });
});

test(
  'the quick start of the README, command by command, brings results into a real PACS',
  async () => {
    const commands = commandsOfReadme();
    expect(commands.length).toBeGreaterThanOrEqual(18);
    let token = '';
    const said = new Map<string, string>();
    for (const written of commands) {
      const command = local(written).replace('--token T ', `--token ${token} `);
      if (/^collimator (hub|agent) start /.test(command)) await startInBackground(command);
      else if (command.startsWith('collimator agent studies list')) {
        await sendFromPacs();
        said.set(written, await shell(command));
      } else {
        if (command.startsWith('collimator hub rollouts show')) await modelIsActive();
        const output = await shell(command);
        said.set(written, output);
        token = /^token +(\S+)/m.exec(output)?.[1] ?? token;
      }
      if (command.startsWith('collimator provision keys'))
        renameSync(join(dir, 'etc/keys/offline'), join(dir, 'offline'));
    }
    const answerTo = (start: string) => [...said].find(([command]) => command.startsWith(start))?.[1];
    expect(answerTo('collimator agent peers echo')).toContain('PACS1');
    expect(answerTo('collimator agent status')).toMatch(/hub +connected/);
    expect(answerTo('collimator hub runs start')).toMatch(/state +succeeded/);
    expect(answerTo('collimator hub rollouts show')).toContain('active');
    expect(answerTo('collimator hub devices list')).toMatch(/RAD-0001 +in-sync +brain-mask-t1@1.0.0/);
    expect(answerTo('collimator hub models list')).toMatch(/brain-mask-t1@1.0.0 +signed/);
    expect(answerTo('collimator agent studies list')).toMatch(/SEG→pacs sent/);
    expect(answerTo('collimator agent studies list')).toMatch(/SR→pacs sent/);
    const series = (await orthanc.rest('GET', '/series?expand')) as { MainDicomTags: { Modality: string } }[];
    expect(series.map((one) => one.MainDicomTags.Modality).sort()).toEqual(['MR', 'SEG', 'SR']);
  },
  testMsMax,
);

const modelIsActive = () =>
  waitFor(
    async () =>
      agentStatus.parse(await ask('/v1/status'), 'status').releases.some((release) => release.active !== null) ||
      undefined,
    { what: 'no model is active', timeoutMs: stepMsMax, check: () => programs.forEach((program) => program.check()) },
  );

async function sendFromPacs(): Promise<void> {
  const volume = join(checkout, 'test', 'fixtures', 'brain-t1', 't1.nii.gz');
  const files = await writeMrSeries({ volume, out: join(dir, 'series'), syntaxes: ['explicit'] });
  await orthanc.upload(files.explicit);
  const studies = (await orthanc.rest('GET', '/studies')) as string[];
  await orthanc.rest('POST', '/modalities/appliance/store', studies);
  await waitFor(
    async () => {
      const [study] = studyList.parse(await ask('/v1/studies?limit=10'), 'studies').studies;
      const delivered = study?.deliveries.filter((delivery) => delivery.state === 'sent') ?? [];
      return delivered.length === 2 || undefined;
    },
    { what: 'the results', timeoutMs: stepMsMax, check: () => programs.forEach((program) => program.check()) },
  );
}
