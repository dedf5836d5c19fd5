import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const dockerfiles = readdirSync(join(root, 'docker')).filter((file) => file.endsWith('.Dockerfile'));

type Compose = {
  readonly services: Record<string, { build?: { dockerfile: string }; ports?: string[]; volumes?: string[] }>;
  readonly volumes: Record<string, unknown>;
};
const compose = parse(read('docker/compose.yaml')) as Compose;
const hubExample = parse(read('hub/docs/examples/hub.yaml')) as {
  http: { port: number };
  broker: { port: number };
  data: string;
};
const agentExample = parse(read('edge-agent/docs/examples/agent.yaml')) as {
  dicom: { listen: { port: number }[] };
  data: string;
};

describe.each(dockerfiles)('%s', (file) => {
  const text = read(`docker/${file}`);

  test('copies only what is in the repository or what the build makes', () => {
    const copied = [...text.matchAll(/^COPY --from=build \S+ (.+) \S+$/gm)].flatMap((match) =>
      (match[1] ?? '').split(' '),
    );
    expect(copied.length).toBeGreaterThan(3);
    for (const source of copied) {
      const path = source.replace(/^\/src\//, '');
      expect(path === 'node_modules' || existsSync(join(root, path)), source).toBe(true);
    }
  });

  test('builds from Node 24, runs as node, and not as root', () => {
    expect([...text.matchAll(/^FROM (\S+)/gm)].map((m) => m[1])).toEqual(['node:24-bookworm', 'node:24-bookworm-slim']);
    expect(text.slice(text.lastIndexOf('FROM'))).toMatch(/^USER node$/m);
  });

  test('runs npm scripts and commands that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    for (const [, script] of text.matchAll(/npm run ([a-z:]+)/g)) expect(scripts).toHaveProperty(script ?? '');
    const command = JSON.parse(/^CMD (.+)$/m.exec(text)?.[1] ?? '[]') as string[];
    const [node, program, name] = command.filter((word) => !word.startsWith('--max-'));
    expect([node, program]).toEqual(['node', 'collimator.mjs']);
    expect(read('collimator.mjs')).toContain(`  ${name}: {`);
  });
});

test('the images expose the ports of the example files and keep their data folders', () => {
  const hub = read('docker/hub.Dockerfile');
  expect(hub).toContain(`EXPOSE ${hubExample.http.port} ${hubExample.broker.port}`);
  expect(hub).toContain(`VOLUME ${hubExample.data}`);
  const appliance = read('docker/appliance.Dockerfile');
  expect(appliance).toContain(`EXPOSE ${agentExample.dicom.listen.map((l) => l.port).join(' ')}`);
  expect(appliance).toContain(`VOLUME ${agentExample.data}`);
});

test('every file that compose builds from or mounts is there, or is a secret that its first lines tell how to make', () => {
  const services = Object.values(compose.services);
  const builds = services.flatMap(({ build }) => (build === undefined ? [] : [build.dockerfile]));
  const sources = services.flatMap(({ volumes }) => (volumes ?? []).map((volume) => volume.split(':')[0] ?? ''));
  const secrets = sources.filter((source) => source.startsWith('./secrets'));
  const files = sources.filter((source) => source.startsWith('./') && !secrets.includes(source));
  const named = sources.filter((source) => !source.startsWith('./'));
  expect(builds.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  expect(files.filter((file) => !existsSync(join(root, 'docker', file)))).toEqual([]);
  expect(named.filter((name) => !(name in compose.volumes))).toEqual([]);
  expect(secrets.length).toBeGreaterThan(0);
  expect(read('docker/compose.yaml')).toContain('--out docker/secrets/authority');
});

test('the units run commands that exist, with the configuration the images use', () => {
  for (const unit of readdirSync(join(root, 'docker/systemd'))) {
    const text = read(`docker/systemd/${unit}`);
    const program = unit.includes('agent') ? 'agent' : 'hub';
    expect(text).toContain(`collimator.mjs ${program} start --config /etc/collimator/${program}.yaml`);
    expect(text).toContain('Restart=always');
    const documentation = /file:\/opt\/collimator\/(\S+)/.exec(text)?.[1] ?? '';
    expect(existsSync(join(root, documentation)), documentation).toBe(true);
  }
});

test('Prometheus scrapes the port that the hub listens on', () => {
  expect(read('docker/prometheus/prometheus.yml')).toContain(`hub:${hubExample.http.port}`);
});
