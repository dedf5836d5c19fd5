import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { join } from 'node:path';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { writeRelease } from './release-folder.ts';
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mrSeries, send } from './mr-series.ts';
import { type Received, received, startPacs } from './programs.ts';
import { createStudyWorld, classes, segmentationAndReport, settled, type StudyWorld } from './study-world.ts';

let world: StudyWorld;
beforeEach(async () => {
  world = await createStudyWorld();
});
afterEach(() => world.close());

describe('the release that a study is for', () => {
  it('names in the report of a failure the release that was run, whatever is active by then', async () => {
    const next = await writeRelease(join(world.folder, 'release-2'), '2.0.0');
    const agent = await world.agentWith({
      log: {
        event(name, fields) {
          world.events.push({ name, fields });
          // Between the end of the job and its report.
          if (name === 'job-failed') agent.use(world.counted('job-failed') === 1 ? [next] : []);
        },
      },
    });
    const namedIn = async (line: Received | undefined): Promise<string> =>
      (await readFile(join(world.pacsFolder, line?.file ?? ''))).toString('latin1');
    await send(agent.port, mrSeries({ study: 'a', slices: 3, truncated: true }));
    const [first] = await world.arrived(1);
    expect(await namedIn(first)).toContain('bright-region 1.0.0');
    expect(await namedIn(first)).toContain(world.release.ref.sha256);
    expect(await namedIn(first)).not.toContain(next.ref.sha256);
    expect(await namedIn(first)).not.toContain('bright-region 2.0.0');
    await send(agent.port, mrSeries({ study: 'b', slices: 3, truncated: true }));
    const [, second] = await world.arrived(2);
    await settled(agent);
    expect(await namedIn(second)).toContain(next.ref.sha256);
    expect(await namedIn(second)).toContain('bright-region 2.0.0');
    expect(await namedIn(second)).not.toContain(world.release.ref.sha256);
    expect(world.counted('job-status-report-failed')).toBe(0);
  });

  it('reports a study that no release takes where the route asks for it, once, and goes on with what comes later', async () => {
    const agent = await world.agentWith({ unmatched: 'report' });
    await send(agent.port, [
      ...mrSeries({ study: 'a', slices: 3, description: 'localizer' }),
      ...mrSeries({ study: 'a', series: 'two', slices: 5, description: 'scout' }),
    ]);
    const [line] = await world.arrived(1);
    await settled(agent);
    expect(line?.sopClassUid).toBe(sopClasses.comprehensiveSr);
    const { stdout } = await promisify(execFile)('dsrdump', ['+Pl', join(world.pacsFolder, line?.file ?? '')]);
    expect(stdout).toContain('Refused: images not processed');
    expect(stdout).toContain('none of 2 series is for this model: series-description (2)');
    expect(stdout).not.toMatch(/localizer|scout/);
    expect(agent.way.studies(1)[0]).toMatchObject({ state: 'not-selected', deliveries_sent: 1 });
    expect(agent.way.counts().jobs).toEqual({ queued: 0, running: 0, inferred: 0, failed: 0 });
    // A series of the same study that is for the release makes the next revision a matter of results.
    await send(agent.port, mrSeries({ study: 'a', series: 'three', slices: 6 }));
    expect(classes((await world.arrived(3)).slice(1))).toEqual(segmentationAndReport);
    await settled(agent);
    expect(await received(world.pacsFolder)).toHaveLength(3);
  });

  it('reports it also when the release becomes active later', async () => {
    const agent = await world.agentWith({ unmatched: 'report', releases: [] });
    await send(agent.port, mrSeries({ study: 'a', slices: 3, description: 'localizer' }));
    await vi.waitFor(() => expect(agent.way.studies(1)[0]?.state).toBe('waiting'));
    expect(await received(world.pacsFolder)).toHaveLength(0);
    agent.use([world.release]);
    await world.arrived(1);
    await settled(agent);
    agent.use([world.release]);
    await settled(agent);
    expect(await received(world.pacsFolder)).toHaveLength(1);
  });

  it('leaves a series alone that no release selects, and says which condition failed', async () => {
    const agent = await world.agentWith();
    await send(agent.port, mrSeries({ study: 'a', slices: 3, description: 'localizer' }));
    await vi.waitFor(() => expect(world.counted('series-not-selected')).toBe(1));
    expect(world.events.find(({ name }) => name === 'series-not-selected')?.fields).toMatchObject({
      reasons: 'series-description',
    });
    expect(agent.way.studies(1)[0]?.state).toBe('not-selected');
    expect(world.counted('study-unmatched')).toBe(0);
    expect(agent.way.counts().deliveries).toEqual({ pending: 0, delivered: 0, failed: 0 });
  });

  it('keeps a complete study until its release is active', async () => {
    const agent = await world.agentWith({ releases: [] });
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    await vi.waitFor(() => expect(agent.way.studies(1)[0]?.state).toBe('waiting'));
    agent.use([world.release]);
    expect(classes(await world.arrived(2))).toEqual(segmentationAndReport);
  });

  it('runs the next study with the release that was swapped in', async () => {
    const agent = await world.agentWith();
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    await world.arrived(2);
    const next = await writeRelease(join(world.folder, 'release-2'), '2.0.0');
    agent.use([next]);
    await send(agent.port, mrSeries({ study: 'b', slices: 6 }));
    await world.arrived(4);
    const versions = agent.way.studies(2).map(({ version }) => version);
    expect(versions.toSorted((a, b) => (a ?? '').localeCompare(b ?? ''))).toEqual(['1.0.0', '2.0.0']);
  });

  it('sends the one result of a series where each route that took it says, and tells why others did not', async () => {
    const second = await startPacs(join(world.folder, 'second'));
    world.endWith(() => second.stop());
    const route = (name: string, destination: string, objects: string[], select: object) => ({
      ...{ name, release: 'bright-region', destinations: [destination], objects, select },
    });
    const agent = await world.agentWith({
      destinations: [
        { name: 'pacs', port: world.pacs.port },
        { name: 'second', port: second.port },
      ],
      routes: [
        route('all', 'pacs', ['SR'], {}),
        route('thin', 'second', ['SEG'], { thickness_mm: { max: 2 }, source: ['MODALITY'] }),
        route('large', 'second', ['SEG', 'SR'], { slices: { min: 100 } }),
      ],
    });
    await send(agent.port, mrSeries({ study: 'a', slices: 4 }));
    expect(classes(await world.arrived(1))).toEqual([sopClasses.comprehensiveSr]);
    await vi.waitFor(async () => {
      expect(classes(await received(join(world.folder, 'second')))).toEqual([sopClasses.segmentation]);
    });
    await settled(agent);
    expect(world.counted('job-inferred')).toBe(1);
    const refused = world.events.filter(({ name }) => name === 'series-not-selected').map(({ fields }) => fields);
    expect(refused).toMatchObject([{ route: 'large', reasons: 'route:slices-too-few' }]);
  });
});
