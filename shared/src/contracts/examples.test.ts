import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadConfig, parseYamlFile } from '../config/load-config.ts';
import { agentConfig } from './agent-config.ts';
import { pipelineProblems } from '../imaging/pipeline-problems.ts';
import { hubConfig } from './hub-config.ts';
import { releaseDeclaration } from './release.ts';
import { runSpec } from './run-spec.ts';

const file = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

test('the example files fit their schemas', () => {
  expect(loadConfig(agentConfig, file('edge-agent/docs/examples/agent.yaml'))).toMatchObject({ devices: 'auto' });
  expect(loadConfig(hubConfig, file('hub/docs/examples/hub.yaml'))).toMatchObject({ http: { port: 8443 } });
  expect(runSpec.check(parseYamlFile(file('hub/docs/examples/run.yaml')))).toMatchObject({ ok: true });
  const declaration: unknown = JSON.parse(readFileSync(file('hub/docs/examples/release.json'), 'utf8'));
  expect(releaseDeclaration.check(declaration)).toMatchObject({ ok: true });
  expect(pipelineProblems(releaseDeclaration.parse(declaration, 'release.json'))).toEqual([]);
});
