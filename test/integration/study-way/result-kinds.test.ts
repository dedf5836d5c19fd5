import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mrSeries, send } from './mr-series.ts';
import { received } from './programs.ts';
import { writeRelease } from './release-folder.ts';
import { classes, createStudyWorld, settled, type StudyWorld } from './study-world.ts';

let world: StudyWorld;
beforeEach(async () => {
  world = await createStudyWorld();
});
afterEach(() => world.close());

const everything = ['SEG', 'SR', 'SC', 'GSPS', 'PM'];
const route = (more: object): object[] => [
  { release: 'bright-region', destinations: ['pacs'], objects: everything, ...more },
];
const reportOf = async (): Promise<string> => {
  const lines = await received(world.pacsFolder);
  const line = lines.find(({ sopClassUid }) => sopClassUid === sopClasses.comprehensiveSr);
  return (await readFile(join(world.pacsFolder, line?.file ?? ''))).toString('latin1');
};

describe('the kinds of results', () => {
  it('are all made and delivered where a route asks for them, several key images too', async () => {
    const routes = route({ report: 'comprehensive-3d', segmentation: 'probability', key_images: { most: 3 } });
    const agent = await world.agentWith({ routes });
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    const lines = await world.arrived(7);
    await settled(agent);
    expect(classes(lines)).toEqual(
      [
        sopClasses.segmentation,
        sopClasses.comprehensive3dSr,
        sopClasses.grayscaleSoftcopyPresentationState,
        sopClasses.parametricMap,
        ...Array.from({ length: 3 }, () => sopClasses.secondaryCapture),
      ].toSorted(),
    );
    for (const { file } of lines)
      expect((await readFile(join(world.pacsFolder, file))).toString('latin1')).toContain('P-a');
    const segmentation = lines.find(({ sopClassUid }) => sopClassUid === sopClasses.segmentation)?.file ?? '';
    expect((await readFile(join(world.pacsFolder, segmentation))).toString('latin1')).toContain('FRACTIONAL');
  });

  it('without a finding: a report that says so, and the map', async () => {
    const agent = await world.agentWith({ routes: route({}) });
    await send(agent.port, mrSeries({ study: 'a', slices: 6, dim: true }));
    const lines = await world.arrived(2);
    await settled(agent);
    expect(classes(lines)).toEqual([sopClasses.comprehensiveSr, sopClasses.parametricMap].toSorted());
    expect(await reportOf()).toContain('Nothing marked by the algorithm');
  });

  it('with a model that abstains: a report that says so, and nothing else', async () => {
    const release = await writeRelease(join(world.folder, 'unsure'), '1.0.1', 0, {
      abstain: { mean_probability_below: 0.99 },
    });
    const agent = await world.agentWith({ routes: route({}), releases: [release] });
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    await world.arrived(1);
    await settled(agent);
    expect(classes(await received(world.pacsFolder))).toEqual([sopClasses.comprehensiveSr]);
    expect(await reportOf()).toContain('Abstained: no statement by the algorithm');
  });

  it('a route can do without the report of an outcome', async () => {
    const agent = await world.agentWith({
      routes: route({ objects: ['SEG', 'SR'], outcomes: { no_finding: false, refused: false } }),
    });
    await send(agent.port, mrSeries({ study: 'dim', slices: 6, dim: true }));
    await send(agent.port, mrSeries({ study: 'cut', slices: 6, truncated: true }));
    await vi.waitFor(() => {
      const { inferred, failed } = agent.way.counts().jobs;
      expect([inferred, failed]).toEqual([1, 1]);
    });
    await settled(agent);
    expect(await received(world.pacsFolder)).toEqual([]);
  });
});
