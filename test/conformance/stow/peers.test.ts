import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startOrthanc } from '../../e2e/orthanc.ts';
import { freePorts } from '../../free-ports.ts';
import { createDeliveryWorld, type DeliveryWorld } from '../../integration/delivery/delivery-world.ts';
import { memoryIndex } from '../dimse/node.ts';
import { filesBelow, pydicomFile, readPart10 } from '../dimse/peers.ts';
import { startStowNode, type StowNode, TOKEN } from './stow-node.ts';

const names = ['CT_small.dcm', 'MR_small.dcm', 'JPEG2000.dcm', 'image_dfl.dcm', 'ExplVR_BigEnd.dcm'];

let world: DeliveryWorld;
let node: StowNode;
let dataDir: string;
beforeEach(async () => {
  world = await createDeliveryWorld();
  dataDir = join(world.folder, 'received');
  await mkdir(dataDir);
  node = await startStowNode(dataDir, memoryIndex());
  world.endWith(() => node.close());
});
afterEach(() => world.close());

async function stored(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const path of await filesBelow(join(dataDir, 'studies'))) {
    const { sopInstanceUid, dataSet } = await readPart10(path);
    found.set(sopInstanceUid, createHash('sha256').update(dataSet).digest('hex'));
  }
  return found;
}

describe('instances that others post', () => {
  it("of Orthanc's DICOMweb plugin are stored with the data sets that Orthanc has", async () => {
    const [dicomPort = 0, httpPort = 0] = await freePorts(2);
    const orthanc = await startOrthanc({
      ...{ folder: join(world.folder, 'orthanc'), aeTitle: 'ORTHANC', dicomPort, httpPort, dicomWeb: true },
      appliance: { aeTitle: 'COLLIMATOR', port: 104 },
      settings: {
        DicomWeb: {
          Servers: {
            appliance: {
              Url: `http://127.0.0.1:${node.port}/dicom-web/`,
              HttpHeaders: { Authorization: `Bearer ${TOKEN}` },
            },
            stranger: { Url: `http://127.0.0.1:${node.port}/dicom-web/` },
          },
        },
      },
    });
    world.endWith(() => orthanc.stop());
    await orthanc.upload(await Promise.all(names.map(pydicomFile)));
    const instances = (await orthanc.rest('GET', '/instances')) as string[];
    expect(instances).toHaveLength(names.length);
    const send = (server: string) =>
      orthanc.rest('POST', `/dicom-web/servers/${server}/stow`, { Resources: instances, Synchronous: true });
    await expect(send('stranger')).rejects.toThrow(/^Orthanc POST/);
    expect((await stored()).size).toBe(0);
    await send('appliance');
    const theirs = new Map<string, string>();
    for (const instance of instances) {
      const path = join(world.folder, `${instance}.dcm`);
      await writeFile(path, await orthanc.file(instance));
      const { sopInstanceUid, dataSet } = await readPart10(path);
      theirs.set(sopInstanceUid, createHash('sha256').update(dataSet).digest('hex'));
    }
    expect(await stored()).toEqual(theirs);
    // Again: nothing is stored twice, and Orthanc is told that all is well.
    await send('appliance');
    expect(await stored()).toEqual(theirs);
  }, 120_000);

  it('of our own sender are delivered, several in a request', async () => {
    for (let job = 0; job < 3; job += 1) await world.makeJob(['web'], undefined, { bytes: 300_000 });
    const token_file = join(world.folder, 'token');
    await writeFile(token_file, `${TOKEN}\n`);
    world.lane({ name: 'web', kind: 'stow', url: node.url, token_file, request_objects_max: 4 });
    await vi.waitFor(() => expect(world.states().map(({ state }) => state)).toEqual(Array(6).fill('sent')));
    expect(new Set((await stored()).keys())).toEqual(new Set(world.states().map(({ uid }) => uid)));
  });
});
