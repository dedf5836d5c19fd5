import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActiveRelease } from '@collimator/edge-agent/study/assemble/route/active-releases';
import type { Stage } from '@collimator/shared/contracts/release';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { encodeNpy } from '@collimator/shared/imaging/npy';
import { preprocessSeries } from '@collimator/shared/imaging/preprocess';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pydicom } from '../../conformance/results/tools.ts';
import { radiograph } from '../../peers/radiographs.ts';
import { storescu } from '../agent/storescu.ts';
import { readExample } from '../pipelines/example-models.ts';
import { type ExampleWorld, openExampleWorld } from '../pipelines/example-world.ts';
import { mrSeries, send } from './mr-series.ts';
import { writeRelease } from './release-folder.ts';
import { classes, createStudyWorld, settled, type StudyWorld } from './study-world.ts';

let world: StudyWorld;
let examples: ExampleWorld;
beforeEach(async () => {
  world = await createStudyWorld();
  world.endWith(async () => examples.close());
  examples = await openExampleWorld();
});
afterEach(() => world.close());

/** The example for radiographs with a golden case, worked out here without the runtime: see example-models.ts. */
async function radiographRelease(): Promise<ActiveRelease> {
  const { folder, release, sha256 } = await examples.load(readExample('radiograph'));
  const pixels = Int16Array.from({ length: 40 * 40 }, (_, i) => (i * 7919) % 1009);
  const { data } = preprocessSeries([{ pixels, rows: 40, columns: 40 }], (release.stages[0] as Stage).preprocessing);
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  const expected = Float32Array.from([1.2 * mean + 1.4, 0.2 * mean + 1.2]);
  await writeFile(join(folder, 'golden/0.pixels.npy'), encodeNpy({ data: pixels, shape: [1, 40, 40] }));
  await writeFile(join(folder, 'golden/0.expected.npy'), encodeNpy({ data: expected, shape: [1, 2] }));
  return { ref: { name: release.name, version: release.version, sha256 }, folder, release };
}

const agentWith = (release: ActiveRelease, select: object) =>
  world.agentWith({
    releases: [release],
    routes: [
      { release: release.ref.name, destinations: ['pacs'], objects: ['SR', 'SC'], key_images: { most: 1 }, select },
    ],
  });

const chest = async (port: number): Promise<void> => {
  const files = [await radiograph('RG1_UNCI'), await radiograph('RG1_UNCR')];
  const { code, output } = await storescu(files, { port, called: 'COLLIMATOR', calling: 'CR1' });
  if (code !== 0) throw new Error(output);
};

const readSubject = `
import sys, json, pydicom
ds = pydicom.dcmread(sys.argv[1])
print(json.dumps([str(ds.PatientName), ds.PatientID, ds.StudyInstanceUID, 'FrameOfReferenceUID' in ds]))
`;

describe('the way of a study of radiographs', () => {
  it('leads through a route for them to a report and a key image of their patient and study', async () => {
    const agent = await agentWith(await radiographRelease(), { modality: ['CR', 'DX'], body_part: ['CHEST'] });
    await send(agent.port, mrSeries({ study: 'a', slices: 3 }));
    await chest(agent.port);
    const lines = await world.arrived(2);
    await settled(agent);
    // One of each: the MR series is not for this route.
    expect(classes(lines)).toEqual([sopClasses.comprehensiveSr, sopClasses.secondaryCapture].toSorted());
    for (const { file } of lines)
      expect(await pydicom(readSubject, join(world.pacsFolder, file))).toEqual([
        ...['CompressedSamples^RG1', '9RG1', '1.3.6.1.4.1.5962.1.2.9.20040826185059.5457'],
        false,
      ]);
  });

  it('does not lead through a route that asks for an orientation', async () => {
    const agent = await agentWith(await radiographRelease(), {
      modality: ['CR'],
      orientation: ['axial', 'coronal', 'sagittal'],
    });
    await chest(agent.port);
    await settled(agent);
    expect(agent.way.studies(10).map(({ images }) => images)).toEqual([2]);
    expect(agent.way.counts().jobs).toMatchObject({ inferred: 0, failed: 0 });
  });

  it('ends by name where the release marks voxels', async () => {
    const selector = { modality: ['CR'] };
    const marks = await writeRelease(join(world.folder, 'marks'), '2.0.0', 0, {}, {}, { selector });
    const agent = await agentWith(marks, {});
    await chest(agent.port);
    await settled(agent);
    expect(agent.way.studies(10)).toMatchObject([{ state: 'failed', failure: 'series-without-geometry' }]);
  });
});
