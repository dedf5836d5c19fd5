import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoreObject } from '@collimator/edge-agent/dimse/index';
import { sopClasses } from '@collimator/shared/dicom/uids';
import Database from 'better-sqlite3';
import dicomParser, { type DataSet } from 'dicom-parser';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { mrSeries, send, type SeriesOptions, uidsOf } from './mr-series.ts';
import { freePort, priorsIn, releaseThatWants, seriesOf, startArchive, wanted } from './prior-world.ts';
import { received } from './programs.ts';
import { createStudyWorld, settled } from './study-world.ts';

const SLICES = 4;

/** A study that looks like another one: every patient has the same name. */
type Sent = { readonly options: SeriesOptions; readonly corrected: boolean };

/**
 * Studies of patients that share an ID under different issuers, or nearly share it, whose UIDs are prefixes of each
 * other; some say another patient from the third image on.
 */
const studies = fc
  .uniqueArray(fc.constantFrom('2.25.7', '2.25.7.1', '2.25.7.1.1', '2.25.77', '2.25.771', '2.25.7719'), {
    minLength: 3,
    maxLength: 5,
  })
  .chain((roots) =>
    fc.tuple(
      ...roots.map((root) =>
        fc.record({
          options: fc.record({
            root: fc.constant(root),
            study: fc.constant(root),
            slices: fc.constant(SLICES),
            patient: fc.constantFrom('1', '11', '1 1', '01'),
            issuer: fc.constantFrom('A', 'B'),
          }),
          corrected: fc.boolean(),
        }),
      ),
    ),
  )
  // One that is whole, so that there is a result to look at.
  .filter((all) => all.some(({ corrected }) => !corrected));

const patientOf = ({ patient = '', issuer = '' }: Pick<SeriesOptions, 'patient' | 'issuer'>): string =>
  `${patient}^${issuer}`;

function objectsOf({
  options,
  corrected,
}: Sent): readonly { readonly object: StoreObject; readonly patient: string }[] {
  const other = { ...options, patient: `${options.patient}2`, issuer: 'C' };
  return Array.from({ length: SLICES }, (_, from) => {
    const said = corrected && from >= 2 ? other : options;
    const [object] = mrSeries({ ...said, from, slices: 1 }) as [StoreObject];
    return { object, patient: patientOf(said) };
  });
}

/** Every Referenced SOP Instance UID in a data set, however deep. */
const referencesIn = (dataSet: DataSet): readonly string[] =>
  Object.values(dataSet.elements).flatMap((element) => {
    if (element.tag === 'x00081155') return [dataSet.string(element.tag) ?? ''];
    return (element.items ?? []).flatMap((item) => (item.dataSet === undefined ? [] : referencesIn(item.dataSet)));
  });

describe('the right patient', () => {
  it('no result names a patient, a study or a frame of reference other than that of its images', async () => {
    await fc.assert(
      fc.asyncProperty(studies, fc.infiniteStream(fc.nat()), async (all, numbers) => {
        const world = await createStudyWorld();
        try {
          const agent = await world.agentWith();
          const objects = all.flatMap(objectsOf);
          const owners = new Map(objects.map(({ object, patient }) => [object.sopInstanceUid, patient]));
          const studyOf = new Map(
            all.flatMap(({ options }) =>
              Array.from({ length: SLICES }, (_, z) => [uidsOf(options, z).instance, uidsOf(options, z)] as const),
            ),
          );
          // Two senders at once, each with images of all studies in any order.
          const shuffled = objects
            .map(({ object }) => ({ object, at: numbers.next().value }))
            .sort((a, b) => a.at - b.at)
            .map(({ object }) => object);
          const half = Math.floor(shuffled.length / 2);
          await Promise.all([send(agent.port, shuffled.slice(0, half)), send(agent.port, shuffled.slice(half))]);
          const whole = all.filter(({ corrected }) => !corrected);
          await vi.waitFor(() => expect(agent.way.counts().jobs.inferred).toBe(whole.length));
          await settled(agent);

          const segmented: string[] = [];
          for (const { file, sopClassUid } of await received(world.pacsFolder)) {
            const dataSet = dicomParser.parseDicom(await readFile(join(world.pacsFolder, file)));
            const text = (tag: string): string => dataSet.string(tag)?.trim() ?? '';
            const patient = `${text('x00100020')}^${text('x00100021')}`;
            const named = new Set(referencesIn(dataSet));
            const images = [...studyOf.keys()].filter((uid) => named.has(uid));
            expect(images.length).toBeGreaterThan(0);
            for (const uid of images) {
              expect(owners.get(uid)).toBe(patient);
              expect(studyOf.get(uid)?.study).toBe(text('x0020000d'));
              const frameOfReference = text('x00200052');
              expect(['', studyOf.get(uid)?.frameOfReference]).toContain(frameOfReference);
            }
            if (sopClassUid === sopClasses.segmentation) segmented.push(text('x0020000d'));
          }
          // A series whose images disagree has no measurement; every other one has its own.
          expect(segmented.toSorted()).toEqual(whole.map(({ options }) => options.root).toSorted());
        } finally {
          await world.close();
        }
      }),
      { numRuns: 5, endOnFailure: true },
    );
  }, 240_000);

  it('no job is given a prior of another patient, however much alike they are', async () => {
    const people = ['1', '11', '1 1', '01'].flatMap((patient) => ['A', 'B'].map((issuer) => ({ patient, issuer })));
    const prior = (i: number): SeriesOptions => ({
      ...{ study: `prior-${i}`, slices: SLICES, date: '20240102' },
      ...people[i],
    });
    const port = await freePort();
    const world = await createStudyWorld();
    try {
      const archive = await startArchive(world.folder, port);
      world.endWith(() => archive.stop());
      await archive.hold(seriesOf(...people.map((_, i) => prior(i))));
      const releases = [await releaseThatWants(world.folder, { ...wanted, count_max: 10, wait_s_max: 60 })];
      const agent = await world.agentWith({ releases, port, priors: archive.settings });
      const objects = people.flatMap((one, i) => mrSeries({ study: `now-${i}`, slices: SLICES, ...one }));
      // Two senders, each with every other image of all studies.
      const [even, odd] = [0, 1].map((of) => objects.filter((_, at) => at % 2 === of));
      await Promise.all([send(agent.port, even ?? []), send(agent.port, odd ?? [])]);
      await vi.waitFor(() => expect(agent.way.counts().jobs.inferred).toBe(people.length));
      await settled(agent);
      const { requests, offered } = priorsIn(join(world.folder, 'data'));
      const given: string[] = [];
      for (const { jobId } of requests) {
        const [study, ...others] = offered(jobId);
        expect(others).toEqual([]);
        const files = study?.series.flatMap((series) => series.files) ?? [];
        expect(files).toHaveLength(SLICES);
        const named = await Promise.all(files.map(async (file) => ownerOf(join(world.folder, 'data', file))));
        given.push([...new Set(named)].join(' and '));
        expect(await ownersOfJob(world.folder, jobId)).toEqual([given.at(-1)]);
      }
      expect(given.toSorted()).toEqual(people.map(patientOf).toSorted());
      expect(world.counted('study-complete')).toBe(people.length);
      expect(agent.way.counts().jobs).toMatchObject({ inferred: people.length, failed: 0 });
    } finally {
      await world.close();
    }
  }, 180_000);
});

/** Patient ID and issuer in a file, as `patientOf` has them. */
async function ownerOf(file: string): Promise<string> {
  const dataSet = dicomParser.parseDicom(await readFile(file), { untilTag: 'x00200000' });
  return `${dataSet.string('x00100020') ?? ''}^${dataSet.string('x00100021') ?? ''}`;
}

/** Whose images a job has. */
async function ownersOfJob(folder: string, jobId: number): Promise<string[]> {
  const database = new Database(join(folder, 'data', 'agent.sqlite'), { readonly: true });
  const paths = database
    .prepare<[number], { path: string }>(
      'SELECT path FROM jobs JOIN instances ON instances.series_id = jobs.series_id WHERE jobs.id = ? AND own = 0',
    )
    .all(jobId);
  database.close();
  return [...new Set(await Promise.all(paths.map(({ path }) => ownerOf(join(folder, 'data', path)))))];
}
