import { agentArgs, checkPrograms, type Demo, launch, type Stage } from '../context.ts';
import { serials } from '../layout.ts';
import { runCollimator } from '../programs.ts';
import { waitFor } from '../wait.ts';
import { join } from 'node:path';

const readyMsMax = 120_000;

/** A token for each serial, bound to it; each appliance makes its own key, enrols and starts. */
export const provisionAppliances: Stage = {
  name: 'provision',
  title: 'Two appliances',
  async run(demo, progress) {
    for (const [i, serial] of serials.entries()) {
      progress.update(i / serials.length, `${serial}: token and certificate`);
      await enrol(demo, serial);
      launch(demo, { name: serial, args: agentArgs(demo, serial) });
    }
    for (const [i, serial] of serials.entries()) {
      progress.update((i + 1) / serials.length, `${serial}: starting`);
      await applianceReady(demo, i, serial);
    }
    return `${serials.join(' and ')} are enrolled and connected`;
  },
};

async function enrol(demo: Demo, serial: string): Promise<void> {
  const { layout } = demo;
  const created = await runCollimator(
    ['provision', 'token', 'create', '--serial', serial, '--config', layout.hubConfig, '-o', 'json'],
    { signal: demo.signal },
  );
  const { token } = JSON.parse(created) as { readonly token: string };
  await runCollimator(
    [
      ...['agent', 'enrol', '--hub', `https://127.0.0.1:${demo.ports.hubHttp}`, '--token', token],
      ...['--ca', join(layout.authority, 'root-ca.crt'), '--config', layout.appliance(serial).config],
    ],
    { signal: demo.signal },
  );
}

export async function applianceReady(demo: Demo, index: number, serial: string): Promise<void> {
  const port = demo.ports.appliances[index]?.localApi;
  await waitFor(async () => ((await fetch(`http://127.0.0.1:${port}/livez`)).ok ? true : undefined), {
    what: `${serial} does not answer`,
    timeoutMs: readyMsMax,
    check: () => checkPrograms(demo),
    signal: demo.signal,
  });
}
