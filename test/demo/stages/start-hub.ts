import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHubClient, type HubClient } from '@collimator/provisioning/operator/hub-client';
import { writeConfigs } from '../configs.ts';
import { checkPrograms, type Demo, hubArgs, launch, operator, type Stage } from '../context.ts';
import { aeTitles } from '../layout.ts';
import { checkout } from '../checkout.ts';
import { runCollimator } from '../programs.ts';
import { waitFor } from '../wait.ts';

const readyMsMax = 120_000;

/** Keys, certificates and configuration first; then the hub, and the PACS when it is ours to play. */
export const startHub: Stage = {
  name: 'hub',
  title: 'Hub',
  async run(demo, progress) {
    const { layout } = demo;
    progress.update(undefined, 'certificate authority');
    const hosts = ['--hub-host', '127.0.0.1', '--hub-host', 'localhost'];
    await runCollimator(['provision', 'authority', 'create', '--out', layout.authority, ...hosts]);
    progress.update(undefined, 'signing keys (root 2 of 3, targets 2 of 3)');
    await runCollimator(['provision', 'keys', '--out', layout.keys]);
    writeConfigs(layout, demo.ports, demo.pacs);
    if (demo.ownPacs) launch(demo, { name: 'pacs', args: pacsArgs(demo) });
    progress.update(undefined, 'starting');
    launch(demo, { name: 'hub', args: hubArgs(demo) });
    demo.hub = connect(demo);
    await hubReady(demo);
    return `https://127.0.0.1:${demo.ports.hubHttp} (MQTT ${demo.ports.hubMqtt})`;
  },
};

export const pacsArgs = (demo: Demo): string[] => [
  join(checkout, 'test', 'dist', 'fakes', 'pacs-receiver.js'),
  ...['--port', String(demo.ports.pacs), '--ae-title', aeTitles.pacs, '--out', demo.layout.pacs],
];

/** The operator's client of the demo's hub. */
const connect = (demo: Demo): HubClient =>
  createHubClient({
    url: `https://127.0.0.1:${demo.ports.hubHttp}`,
    ca: readFileSync(join(demo.layout.authority, 'root-ca.crt'), 'utf8'),
    token: readFileSync(join(demo.layout.authority, 'operator.token'), 'utf8').trim(),
  });

export async function hubReady(demo: Demo): Promise<void> {
  await waitFor(async () => (await operator(demo).request('GET', '/readyz')) !== undefined, {
    what: 'the hub is not ready',
    timeoutMs: readyMsMax,
    check: () => checkPrograms(demo),
    signal: demo.signal,
  });
}
