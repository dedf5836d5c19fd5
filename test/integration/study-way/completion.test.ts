import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Orthanc, startOrthanc } from '../../e2e/orthanc.ts';
import { freePorts } from '../../free-ports.ts';
import { sendKeyObject } from './key-objects.ts';
import { mrSeries, send } from './mr-series.ts';
import { writeSlices } from './stored-slices.ts';
import { createStudyWorld, type StudyWorld } from './study-world.ts';

// Longer than any of these tests: what is complete before is so by a rule.
const QUIET_S = 600;

let world: StudyWorld;
beforeEach(async () => {
  world = await createStudyWorld();
});
afterEach(() => world.close());

const fieldsOf = (name: string): (Record<string, unknown> | undefined)[] =>
  world.events.filter((event) => event.name === name).map(({ fields }) => fields);
const counted = (name: string, times: number): Promise<void> =>
  vi.waitFor(() => expect(world.counted(name)).toBe(times));

describe('a study whose source is asked how many images it has', () => {
  let orthanc: Orthanc;
  let names: string[];
  let port: number;

  async function startSource(dicomPort?: number): Promise<void> {
    const [free = 0, httpPort = 0] = await freePorts(2);
    port = dicomPort ?? free;
    orthanc = await startOrthanc({
      ...{ folder: join(world.folder, 'orthanc'), aeTitle: 'ORTHANC', dicomPort: port, httpPort },
      appliance: { aeTitle: 'COLLIMATOR', port: 104 },
    });
    world.endWith(() => orthanc.stop());
  }

  /** Two series, of five images and of three. */
  async function fillSource(): Promise<void> {
    const slices = [...mrSeries({ study: 'a', slices: 5 }), ...mrSeries({ study: 'a', series: 'two', slices: 3 })];
    names = await orthanc.upload(await writeSlices(join(world.folder, 'made'), slices));
  }

  const rule = (more: object = {}) => ({
    source: 'ORTHANC',
    expect: 'c-find',
    at: { host: '127.0.0.1', port, ae_title: 'ORTHANC', retry: { first_s: 0.1, most_s: 0.2 }, ...more },
  });
  async function sendFromSource(agentPort: number, some: readonly string[]): Promise<void> {
    await orthanc.rest('PUT', '/modalities/appliance', { AET: 'COLLIMATOR', Host: '127.0.0.1', Port: agentPort });
    await orthanc.rest('POST', '/modalities/appliance/store', [...some]);
  }

  it('waits for what is missing and is complete with the last image', async () => {
    await startSource();
    await fillSource();
    const agent = await world.agentWith({ quiet_s: QUIET_S, rules: [rule()] });
    await sendFromSource(agent.port, names.slice(0, 4));
    await counted('source-count', 1);
    await sendFromSource(agent.port, names.slice(4));
    await counted('study-complete', 1);
    expect(fieldsOf('source-count').map((one) => [one?.['expected'], one?.['held']])).toEqual([
      [8, 4],
      [8, 8],
    ]);
    expect(fieldsOf('study-complete')).toMatchObject([{ number: 1, series: 2, jobs: 2 }]);
    expect(await world.arrived(4)).toHaveLength(4);
  });

  it('counts by series where a route takes each series as it is whole', async () => {
    await startSource();
    await fillSource();
    const routes = [{ release: 'bright-region', complete: 'series', destinations: ['pacs'], objects: ['SEG', 'SR'] }];
    const agent = await world.agentWith({ quiet_s: QUIET_S, rules: [rule({ unit: 'series' })], routes });
    await sendFromSource(agent.port, [...names.slice(0, 5), ...names.slice(5, 6)]);
    expect(await world.arrived(2)).toHaveLength(2);
    expect(world.counted('study-complete')).toBe(0);
    await sendFromSource(agent.port, names.slice(6));
    await counted('study-complete', 1);
    expect(await world.arrived(4)).toHaveLength(4);
    expect(fieldsOf('source-count').map((one) => [one?.['expected'], one?.['held']])).toEqual([
      [8, 6],
      [8, 8],
    ]);
  });

  it('is left to the quiet time when nobody answers, and never complete before', async () => {
    [port = 0] = await freePorts(1);
    const agent = await world.agentWith({ quiet_s: 3, rules: [rule()] });
    const before_ms = Date.now();
    await send(agent.port, mrSeries({ study: 'a', slices: 3 }), 'ORTHANC');
    await counted('source-count-missing', 3);
    await counted('study-complete', 1);
    expect(Date.now() - before_ms).toBeGreaterThanOrEqual(3_000);
    expect(fieldsOf('source-count-missing').map((one) => one?.['again'])).toEqual([true, true, false]);
  });

  it('is asked for after a restart, and again when the source was away at first', async () => {
    [port = 0] = await freePorts(1);
    const patient = rule({ retry: { attempts_max: 100, first_s: 0.1, most_s: 0.2 } });
    const first = await world.agentWith({ quiet_s: QUIET_S, rules: [patient] });
    await send(first.port, mrSeries({ study: 'a', slices: 5 }), 'ORTHANC');
    await vi.waitFor(() => expect(world.counted('source-count-missing')).toBeGreaterThan(0));
    await first.close();
    await world.agentWith({ quiet_s: QUIET_S, rules: [patient] });
    await startSource(port);
    // The source knows less than is here.
    await orthanc.upload(await writeSlices(join(world.folder, 'made'), mrSeries({ study: 'a', slices: 1 })));
    await counted('study-complete', 1);
    expect(fieldsOf('source-count').at(-1)).toMatchObject({ expected: 1, held: 5 });
  });
});

describe('a study of which a key object lists the images', () => {
  const rules = [{ source: 'PACS1', expect: 'key-object' }];
  const list = (title: string, slices: readonly number[] = [0, 1, 2, 3, 4]) => ({
    ...{ name: `list ${title}`, title, slices, study: 'a' },
    file: join(world.folder, 'list.dcm'),
  });

  it('is complete with the last of them, whichever came first', async () => {
    const agent = await world.agentWith({ quiet_s: QUIET_S, rules });
    await send(agent.port, mrSeries({ study: 'a', slices: 3 }), 'PACS1');
    await sendKeyObject(agent.port, list('113030'));
    await counted('study-listed', 1);
    await send(agent.port, mrSeries({ study: 'a', from: 3, slices: 2 }), 'PACS1');
    await counted('study-complete', 1);
    expect(fieldsOf('study-complete')).toMatchObject([{ jobs: 1 }]);
    expect(await world.arrived(2)).toHaveLength(2);
  });

  it('is complete with a list that comes last, also after a restart', async () => {
    const first = await world.agentWith({ quiet_s: QUIET_S, rules });
    await send(first.port, mrSeries({ study: 'a', slices: 5 }), 'PACS1');
    await first.close();
    const agent = await world.agentWith({ quiet_s: QUIET_S, rules });
    expect(world.counted('study-complete')).toBe(0);
    await sendKeyObject(agent.port, list('IHERADTF:TCE002'));
    await counted('study-complete', 1);
  });

  it('is not complete by a key object of another title, nor by one that lists more', async () => {
    const agent = await world.agentWith({ quiet_s: 3, rules });
    const before_ms = Date.now();
    await send(agent.port, mrSeries({ study: 'a', slices: 5 }), 'PACS1');
    await sendKeyObject(agent.port, list('113000'));
    await sendKeyObject(agent.port, list('113030', [0, 1, 2, 3, 4, 5]));
    await counted('study-listed', 1);
    await counted('study-complete', 1);
    expect(Date.now() - before_ms).toBeGreaterThanOrEqual(3_000);
  });
});
