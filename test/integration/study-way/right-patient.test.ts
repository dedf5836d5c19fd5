import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoreObject } from '@collimator/edge-agent/dimse/index';
import { sopClasses } from '@collimator/shared/dicom/uids';
import dicomParser, { type DataSet } from 'dicom-parser';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { mrSeries, send, type SeriesOptions, uidsOf } from './mr-series.ts';
import { received } from './programs.ts';
import { createStudyWorld, settled, waitOptions } from './study-world.ts';

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

const patientOf = ({ patient = '', issuer = '' }: SeriesOptions): string => `${patient}^${issuer}`;

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
          await vi.waitFor(() => expect(agent.way.counts().jobs.inferred).toBe(whole.length), waitOptions);
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
});
