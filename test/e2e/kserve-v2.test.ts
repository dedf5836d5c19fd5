import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningAgent, startAgent } from '@collimator/edge-agent/agent';
import { buildWays } from '@collimator/edge-agent/main';
import { agentConfig } from '@collimator/shared/contracts/agent-config';
import { kserveInferResponse } from '@collimator/shared/contracts/kserve-v2';
import { createCheckpoint } from '@collimator/shared/observe/checkpoint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { tritonPython } from '../conformance/kserve/tritonclient.ts';
import { checkout, collimator } from '../demo/checkout.ts';
import { createModelEngine, type ModelEngine } from '../fakes/model-engine.ts';
import { freePort } from '../free-ports.ts';
import { createTestAuthority, type TestAuthority } from '../integration/agent/certificates.ts';
import { installTestIdentity } from '../integration/agent/identity.ts';
import { installTestRoot } from '../integration/agent/trusted-root.ts';
import { writeRelease } from '../integration/study-way/release-folder.ts';

// The worked examples of edge-agent/docs/kserve-v2.md, read from the page: its configuration is that of an appliance
// of this process, and every command and program runs with paths, names and ports of this machine put in. The model is
// run by the engine of the tests.

const page = readFileSync(join(checkout, 'edge-agent/docs/kserve-v2.md'), 'utf8');
const startMsMax = 300_000;
const shellMsMax = 60_000;
const token = 'the-token-of-the-viewer';

let dir: string;
let port: number;
let agent: RunningAgent | undefined;
let sha256: string;
let authority: TestAuthority;
let engine: ModelEngine;
const logged: string[] = [];

const blocksOf = (language: string): string[] =>
  [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)].flatMap(([, named, block = '']) =>
    named === language ? [block] : [],
  );

/** What a person changes in the examples, and what differs between the model of the page and that of the test. */
const local = (text: string): string =>
  [
    ['box.example.org:8443', `127.0.0.1:${port}`],
    ['host: 0.0.0.0', 'host: 127.0.0.1'],
    ['port: 8443', `port: ${port}`],
    ['192.0.2.0/24', '127.0.0.0/8'],
    ['192.0.2.7', '127.0.0.1'],
    ['/etc/collimator', dir],
    ['brain-mask-t1', 'bright-region'],
    ['[1, 64, 64, 1]', '[1, 1, 16, 16]'],
    ['4096', '256'],
    ['16384', '1024'],
  ].reduce((changed, [from = '', to = '']) => changed.replaceAll(from, to), text);

async function run(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { cwd: dir, timeout: shellMsMax });
  let [said, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`${args.at(-1)}\nended with ${code}: ${said}${errors}`);
  return said;
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kserve-v2-'));
  port = await freePort();
  await tritonPython();
  authority = createTestAuthority(dir);
  cpSync(authority.server.certificate, join(dir, 'api.crt'));
  cpSync(authority.server.key, join(dir, 'api.key'));
  cpSync(authority.ca, join(dir, 'hospital-ca.crt'));
  writeFileSync(join(dir, 'viewer.token'), `${token}\n`, { mode: 0o600 });
  const data = join(dir, 'data');
  mkdirSync(data);
  installTestIdentity(data, authority, 'RAD-0001', 'mqtts://127.0.0.1:1');
  await installTestRoot(dir, data);
  const [yaml = ''] = blocksOf('yaml');
  const document = {
    device: { serial: 'RAD-0001' },
    ...{ data, hub: { url: 'https://127.0.0.1:1' }, devices: [{ cpu: { threads: 1 } }], destinations: [], routes: [] },
    dicom: { ae_title: 'COLLIMATOR', listen: [{ host: '127.0.0.1', port: 0 }], sources: [] },
    assembly: { complete_after_quiet_s: 1 },
    ...(parse(local(yaml)) as object),
  };
  writeFileSync(join(dir, 'agent.yaml'), stringify(document));
  await run(process.execPath, [collimator, 'agent', 'config', 'check', '--config', join(dir, 'agent.yaml')]);
  const release = await writeRelease(join(dir, 'release'), '1.0.0');
  sha256 = release.ref.sha256;
  engine = await createModelEngine([release]);
  agent = await startAgent({
    config: agentConfig.parse(document, 'test'),
    log: { event: (name, fields) => void logged.push(JSON.stringify({ name, ...fields })) },
    checkpoint: createCheckpoint({}),
    now: () => new Date(),
    async buildWays(deps) {
      const ways = await buildWays(deps);
      return { ...ways, study: { ...ways.study, tensors: engine } };
    },
  });
}, startMsMax);

afterAll(async () => {
  await agent?.stop();
  rmSync(dir, { recursive: true, force: true });
});

describe('the page on KServe v2', () => {
  const said: string[] = [];

  it('has commands for curl that do what it says', async () => {
    const commands = blocksOf('').flatMap((block) => block.split('\n').filter((line) => line !== ''));
    expect(commands).toHaveLength(8);
    for (const command of commands) said.push(await run('bash', ['-c', local(command)]));
    const [ready = '', model = '', metadata = '', , json = ''] = said;
    expect([JSON.parse(ready), JSON.parse(model)]).toEqual([{ ready: true }, { name: 'bright-region', ready: true }]);
    expect(JSON.parse(metadata)).toMatchObject({
      inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 1, 16, 16] }],
      parameters: { batch_max: 4, release_sha256: sha256 },
    });
    const answer = kserveInferResponse.parse(JSON.parse(json), 'the answer');
    // Mean of nine neighbours of 0.5, and the bias of the model.
    expect(answer.outputs[0]?.data?.[20]).toBeCloseTo(0.5 - 0.01, 4);
    const binary = readFileSync(join(dir, 'answer.bin'));
    expect(binary.readFloatLE(binary.length - 1024)).toBeCloseTo(-0.01, 4);
  });

  it('has a program for Triton’s client that does what it says', async () => {
    const [program = ''] = blocksOf('python');
    writeFileSync(join(dir, 'example.py'), local(program));
    expect(await run(await tritonPython(), ['-W', 'ignore', join(dir, 'example.py')])).toBe(
      `logits (2, 1, 16, 16)\nmade by release ${sha256}\n`,
    );
  });

  it('lets in who shows the certificate that is listed, with a body of any length', async () => {
    writeFileSync(join(dir, 'long.json'), readFileSync(join(dir, 'request.json'), 'utf8') + ' '.repeat(200_000));
    const status = (name: string) => {
      const { certificate, key } = authority.client(name);
      const shown = `--cacert hospital-ca.crt --cert ${certificate} --key ${key}`;
      const to = local('https://box.example.org:8443/v2/models/brain-mask-t1/infer');
      return run('bash', ['-c', `curl -s -o out.json -w '%{http_code}' ${shown} --data-binary @long.json ${to}`]);
    };
    expect(await status('somebody')).toBe('401');
    expect(await status('research.example.org')).toBe('200');
    expect(engine.asked.priorities.at(-1)).toBe(3);
  });

  it('says what is watched, and nothing else is told', async () => {
    const curl = (path: string) =>
      run('bash', ['-c', local(`curl -s --cacert hospital-ca.crt https://box.example.org:8443${path}`)]);
    const refused = await curl('/v2/models/brain-mask-t1');
    expect(refused).toMatch(/^\{"error":"kserve-unauthorized: /);
    const metrics = await curl('/metrics');
    expect(metrics).toContain('collimator_kserve_requests_total{outcome="success"} 4');
    expect(metrics).toContain('collimator_kserve_requests_total{outcome="refused"} 2');
    for (const name of [
      'collimator_kserve_requests',
      'collimator_kserve_limit_hits_total',
      'collimator_kserve_bytes_total',
    ])
      expect(metrics).toContain(`\n${name}`);
    const log = logged.join('\n');
    expect(log).toMatch(/"kserve-finished","program":"viewer","release":"bright-region"/);
    expect(log).toContain('"kserve-refused"');
    expect(log).not.toContain(token);
    expect(await curl('/openapi.json')).toContain('/v2/models/{name}/versions/{version}/infer');
  });
});
