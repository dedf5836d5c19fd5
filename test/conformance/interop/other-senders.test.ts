import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../free-ports.ts';
import { applianceTitle } from '../../integration/agent/appliance.ts';
import { type Finished, type Peer, readPart10, run, startListener, until } from '../dimse/peers.ts';
import { type AgentWorld, partsBelow, startAgentWorld } from './agent-world.ts';
import { withNewUid } from './originals.ts';

const PIXELMED = '/usr/share/java/pixelmed.jar';

let world: AgentWorld;
let oracle: Peer;
let theirs: string;
beforeAll(async () => {
  world = await startAgentWorld();
  theirs = join(world.folder, 'theirs');
  await mkdir(theirs);
  const port = await freePort();
  oracle = await startListener('storescp', ['+B', '+xa', '-pdu', '131072', '-od', theirs, `${port}`], port);
});
afterAll(async () => {
  await oracle?.stop();
  await world?.close();
});

const fresh = (name: string): Promise<string> => withNewUid(name, world.folder);
const ours = async (sopInstanceUid: string) =>
  (await world.kept()).filter((one) => one.sopInstanceUid === sopInstanceUid);

describe("GDCM's gdcmscu", () => {
  /** It ends itself with SIGABRT after every association that was released, with dcmtk's storescp as well: what counts is what it had done by then. */
  const scu = (port: number, called: string, ...mode: readonly string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const args = ['-D', '-H', '127.0.0.1', '-p', `${port}`, '--aetitle', 'MODALITY', '--call', called, ...mode];
      execFile('gdcmscu', args, { timeout: 60_000, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
        if (error?.code === 'ENOENT') reject(error);
        else resolve(stdout + stderr);
      });
    });
  const counted = (event: string): number => world.agent.events().filter((line) => line.event === event).length;

  it('echoes', async () => {
    const before = counted('association-released');
    await scu(world.agent.dicomPort, applianceTitle, '--echo');
    await until('the association is released', () => counted('association-released') === before + 1);
  });

  it('is refused under another called title', async () => {
    const before = counted('association-rejected');
    await scu(world.agent.dicomPort, 'SOMEONE', '--echo');
    await until('the association is refused', () => counted('association-rejected') === before + 1);
  });

  it.each(['CT_small.dcm', 'MR_small_RLE.dcm', 'JPEG2000.dcm', 'rtplan.dcm'])(
    'stores %s as storescp stores it from there',
    async (name) => {
      const file = await fresh(name);
      const { sopInstanceUid } = await readPart10(file);
      await scu(oracle.port, 'ANY', '--store', '-i', file);
      const output = await scu(world.agent.dicomPort, applianceTitle, '--store', '-i', file);
      const other = (await partsBelow(theirs)).filter((one) => one.sopInstanceUid === sopInstanceUid);
      expect(other, output).toHaveLength(1);
      expect(await ours(sopInstanceUid), output).toEqual(other.map((one) => ({ ...one, place: 'studies' })));
    },
  );
});

describe('PixelMed', () => {
  const java = (program: string, port: number, ...args: readonly string[]): Promise<Finished> =>
    run('java', ['-cp', PIXELMED, `com.pixelmed.network.${program}`, '127.0.0.1', `${port}`, ...args]);
  const echo = (calling: string): Promise<Finished> =>
    java('VerificationSOPClassSCU', world.agent.dicomPort, applianceTitle, calling, 'NONSECURE');
  const store = (port: number, called: string, file: string): Promise<Finished> =>
    java('StorageSOPClassSCU', port, called, 'MODALITY', file, '0');

  it('echoes', async () => {
    expect((await echo('MODALITY')).output).toContain('was successful');
  });

  it('is refused under a title that nobody knows', async () => {
    expect((await echo('NOBODY')).output).not.toContain('was successful');
  });

  it.each(['CT_small.dcm', 'MR_small_RLE.dcm', 'rtplan.dcm'])(
    'stores %s as storescp stores it from there',
    async (name) => {
      const file = await fresh(name);
      const { sopInstanceUid } = await readPart10(file);
      expect(await store(oracle.port, 'ANY', file)).toMatchObject({ code: 0 });
      expect(await store(world.agent.dicomPort, applianceTitle, file)).toMatchObject({ code: 0 });
      const other = (await partsBelow(theirs)).filter((one) => one.sopInstanceUid === sopInstanceUid);
      expect(other).toHaveLength(1);
      expect(await ours(sopInstanceUid)).toEqual(other.map((one) => ({ ...one, place: 'studies' })));
    },
  );
});
