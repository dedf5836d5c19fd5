import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Orthanc, startOrthanc } from '../../e2e/orthanc.ts';
import { freePorts } from '../../free-ports.ts';
import { createDeliveryWorld, type DeliveryWorld } from './delivery-world.ts';

const program = fileURLToPath(new URL('../../dist/integration/delivery/delivery-program.js', import.meta.url));
const checkpoints = [
  'delivery-sent-before-noted',
  'delivery-noted',
  'commitment-noted',
  'commitment-asked',
  'commitment-answered',
];

let home: DeliveryWorld;
let orthanc: Orthanc;
let ports: readonly number[];
let world: DeliveryWorld | undefined;
let child: ChildProcess | undefined;

beforeAll(async () => {
  home = await createDeliveryWorld();
  ports = await freePorts(3);
  const [dicomPort = 0, httpPort = 0, ours = 0] = ports;
  orthanc = await startOrthanc({
    ...{ folder: join(home.folder, 'orthanc'), aeTitle: 'PACS', dicomPort, httpPort },
    appliance: { aeTitle: 'COLLIMATOR', port: ours },
  });
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await world?.close();
});
afterAll(async () => {
  await orthanc?.stop();
  await home.close();
});

/** Started again as a service manager would, as often as it kills itself. */
async function runUntil(env: NodeJS.ProcessEnv, folder: string, done: () => void): Promise<number> {
  const [dicomPort = 0, , ours = 0] = ports;
  const config = {
    ...{ device: { serial: 'T' }, data: folder, hub: { url: 'https://hub.invalid' }, routes: [] },
    dicom: { ae_title: 'COLLIMATOR', listen: [{ port: ours }], sources: [] },
    destinations: [
      {
        ...{ name: 'pacs', kind: 'dimse', ae_title: 'PACS', host: '127.0.0.1', port: dicomPort },
        ...{ retry: { first_s: 0.05, most_s: 0.4 }, commitment: { wait_s: 1 } },
      },
    ],
  };
  let deaths = 0;
  let over = false;
  const start = (): void => {
    child = spawn(process.execPath, [program, JSON.stringify({ folder, config })], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, ...env },
    });
    child.once('exit', (_code, signal) => {
      if (over) return;
      if (signal === 'SIGKILL') deaths += 1;
      start();
    });
  };
  start();
  // All may be committed a moment before it dies.
  const doneAndDead = (): void => {
    done();
    expect(deaths).toBe(1);
  };
  await vi.waitFor(doneAndDead);
  over = true;
  const last = child;
  if (last !== undefined && last.exitCode === null) {
    last.kill('SIGKILL');
    await once(last, 'exit');
  }
  return deaths;
}

describe('a power cut around storage commitment', () => {
  it.each(checkpoints)('at %s: each result is at the PACS once, and committed', async (name) => {
    const here = await createDeliveryWorld();
    world = here;
    const before = (await orthanc.rest('GET', '/instances')) as string[];
    for (let job = 0; job < 2; job++) await here.makeJob(['pacs']);
    const env = { COLLIMATOR_KILL_AT: name, COLLIMATOR_KILL_MARKER: join(here.folder, 'killed') };
    const deaths = await runUntil(env, here.folder, () =>
      expect(here.states().map(({ commitment }) => commitment)).toEqual(Array(4).fill('committed')),
    );
    expect(deaths).toBe(1);
    const after = (await orthanc.rest('GET', '/instances')) as string[];
    const uids = await Promise.all(
      after
        .filter((one) => !before.includes(one))
        .map(
          async (one) =>
            (await orthanc.rest('GET', `/instances/${one}`)) as { MainDicomTags: { SOPInstanceUID: string } },
        ),
    );
    expect(uids.map((one) => one.MainDicomTags.SOPInstanceUID).toSorted()).toEqual(
      here
        .states()
        .map(({ uid }) => uid)
        .toSorted(),
    );
  });
});
