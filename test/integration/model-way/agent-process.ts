import { readFile } from 'node:fs/promises';
import { createCheckpoint } from '@collimator/shared/observe/checkpoint';
import { startDeviceSide } from './device-side.ts';

/** The model part of the appliance as a process of its own, for tests that kill it. One line per change on stdout. */
const [, , dir, url, id, rootFile] = process.argv;
if (dir === undefined || url === undefined || id === undefined || rootFile === undefined)
  throw new Error('usage: agent-process DIR URL ID ROOT');
const device = await startDeviceSide({
  dir,
  url,
  id,
  root: await readFile(rootFile),
  now: () => new Date(),
  checkpoint: createCheckpoint(process.env),
});
const tell = () =>
  process.stdout.write(
    `active ${
      device.way.releases
        .list()
        .map(({ ref }) => ref.version)
        .join(' ') || 'none'
    }\n`,
  );
device.way.releases.onSwap(tell);
tell();
process.once('SIGTERM', () => void device.stop());
