import type { PriorsWanted } from '@collimator/shared/contracts/release-priors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FindIdentifier } from '../../dimse/index.ts';
import {
  candidatesOf,
  canBeAsked,
  type CurrentStudy,
  daysBetween,
  seriesFits,
  studyQuery,
  wantedSeries,
} from './choose-priors.ts';

const current: CurrentStudy = {
  studyInstanceUid: '1.9',
  person: { id: 'P1', issuer: 'H1', birthDate: '19700101', sex: 'F' },
  date: '20260310',
  time: '101112',
};
const wants: PriorsWanted = { count_max: 2, wait_s_max: 10, required: false };
const match = (more: FindIdentifier = {}): FindIdentifier => ({
  ...{ studyInstanceUid: '1.1', patientId: 'P1', issuerOfPatientId: '', patientBirthDate: '19700101', patientSex: 'F' },
  ...{ studyDate: '20260309', studyTime: '', modalitiesInStudy: '' },
  ...more,
});
const chosen = (matches: readonly FindIdentifier[], more: Partial<PriorsWanted> = {}): readonly string[] =>
  candidatesOf(matches, current, { ...wants, ...more }).candidates.map(({ studyInstanceUid }) => studyInstanceUid);

describe('the question for studies', () => {
  it('is by Patient ID, up to the day of the study, and asks for what tells patients apart', () => {
    expect(studyQuery(current, wants)).toMatchObject({
      ...{ queryRetrieveLevel: 'STUDY', patientId: 'P1', studyDate: '-20260310' },
      ...{ issuerOfPatientId: '', patientBirthDate: '', patientSex: '' },
    });
    expect(studyQuery(current, wants)).not.toHaveProperty('specificCharacterSet');
    expect(studyQuery(current, { ...wants, within_days: 10 }).studyDate).toBe('20260228-20260310');
    const named = { ...current, person: { ...current.person, id: 'Ü1' } };
    expect(studyQuery(named, wants).specificCharacterSet).toBe('ISO_IR 192');
  });

  it.each<[string, Partial<CurrentStudy['person']> & { date?: string }, boolean]>([
    ['can be asked', {}, true],
    ['can be asked by issuer where there is no birth date', { birthDate: '' }, true],
    ['cannot be asked without an ID', { id: ' ' }, false],
    ['cannot be asked by a wildcard', { id: 'P*' }, false],
    ['cannot be asked by one character that stands for any', { id: 'P?' }, false],
    ['cannot be asked by several IDs', { id: 'P1\\P2' }, false],
    ['cannot be asked when nobody could be told apart', { birthDate: '', issuer: '' }, false],
    ['cannot be asked without a date', { date: '' }, false],
    ['cannot be asked by a date that is none', { date: '20260230' }, false],
  ])('%s', (_, { date = current.date, ...person }, expected) => {
    expect(canBeAsked({ ...current, date, person: { ...current.person, ...person } })).toBe(expected);
  });
});

describe('a study that the PACS names', () => {
  it.each<[string, FindIdentifier, Partial<PriorsWanted>, boolean]>([
    ['is a prior', {}, {}, true],
    ['is none when it is the current one', { studyInstanceUid: '1.9' }, {}, false],
    ['is none without a UID', { studyInstanceUid: '' }, {}, false],
    ['is none without a date', { studyDate: '' }, {}, false],
    ['is none with a later date', { studyDate: '20260311' }, {}, false],
    ['is none on the same day without times', { studyDate: '20260310' }, {}, false],
    ['is one earlier on the same day', { studyDate: '20260310', studyTime: '0959' }, {}, true],
    ['is none at the same time', { studyDate: '20260310', studyTime: '101112.000' }, {}, false],
    ['is one in the old form of dates', { studyDate: '2026.03.09' }, {}, true],
    ['is none of another patient', { patientBirthDate: '19700102' }, {}, false],
    ['is none of who knows whom', { patientBirthDate: '' }, {}, false],
    ['is none before the days that are wanted', { studyDate: '20260227' }, { within_days: 10 }, false],
    ['is one within them', { studyDate: '20260228' }, { within_days: 10 }, true],
    ['is none without the modality', { modalitiesInStudy: 'CT\\SR' }, { modality: ['MR'] }, false],
    ['is one with it', { modalitiesInStudy: 'SR\\MR' }, { modality: ['MR'] }, true],
    ['may be one when its modalities are not told', {}, { modality: ['MR'] }, true],
  ])('%s', (_, more, wish, expected) => {
    expect(chosen([match(more)], wish)).toEqual(expected ? [more.studyInstanceUid ?? '1.1'] : []);
  });

  it('is counted once, and so is one of somebody else', () => {
    const other = match({ studyInstanceUid: '1.2', patientSex: 'M' });
    expect(candidatesOf([match(), match(), other], current, wants)).toMatchObject({ listed: 2, differing: 1 });
  });

  it('is chosen only when it is of the same patient and before, the newest first, whatever the order of the answer', () => {
    const day = fc.integer({ min: 1, max: 28 }).map((n) => `202603${String(n).padStart(2, '0')}`);
    const any = fc.record({
      studyInstanceUid: fc.constantFrom('1.1', '1.2', '1.3', '1.4', '1.9'),
      patientId: fc.constantFrom('P1', 'P11'),
      issuerOfPatientId: fc.constantFrom('', 'H1', 'H2'),
      patientBirthDate: fc.constantFrom('', '19700101', '19800101'),
      patientSex: fc.constantFrom('', 'F', 'M'),
      studyDate: day,
      studyTime: fc.constantFrom('', '090000', '110000'),
    });
    fc.assert(
      fc.property(fc.uniqueArray(any, { selector: (one) => one.studyInstanceUid }), fc.nat(20), (matches, days) => {
        const uids = chosen(matches, { within_days: days + 1 });
        expect(chosen(matches.toReversed(), { within_days: days + 1 })).toEqual(uids);
        const taken = uids.map(
          (uid) => matches.find((one) => one.studyInstanceUid === uid) as (typeof matches)[number],
        );
        for (const one of taken) {
          expect(one.patientId).toBe('P1');
          expect(['', 'H1']).toContain(one.issuerOfPatientId);
          expect(['', '19700101']).toContain(one.patientBirthDate);
          expect(['', 'F']).toContain(one.patientSex);
          expect(`${one.studyDate} ${one.studyTime}` < '20260310 101112').toBe(true);
          expect(daysBetween(one.studyDate, current.date)).toBeLessThanOrEqual(days + 1);
        }
        const when = taken.map((one) => `${one.studyDate} ${one.studyTime}`);
        expect(when).toEqual(when.toSorted().toReversed());
      }),
    );
  });
});

describe('a series', () => {
  it.each<[string, string, string, Partial<PriorsWanted>, boolean | undefined]>([
    ['with images is wanted', 'CT', '', {}, true],
    ['of a report is not', 'SR', '', {}, false],
    ['of a modality that is not wanted is not', 'CT', '', { modality: ['MR'] }, false],
    ['of a report is where reports are wanted', 'SR', '', { modality: ['SR'] }, true],
    ['of another body part is not', 'CT', 'CHEST', { body_part: ['HEAD'] }, false],
    ['of a body part that is not told may be', 'CT', '', { body_part: ['HEAD'] }, undefined],
    ['of a modality that is not told may be', '', '', {}, undefined],
    ['of another body part is not, whatever its modality', '', 'CHEST', { body_part: ['HEAD'] }, false],
  ])('%s', (_, modality, bodyPart, more, expected) => {
    expect(seriesFits({ modality, bodyPart }, { ...wants, ...more })).toBe(expected);
  });

  it('that may be wanted is fetched, once, with the images that the PACS counts', () => {
    const one = { studyInstanceUid: '1.1', seriesInstanceUid: '1.1.1', modality: 'CT', bodyPartExamined: 'Head' };
    const answers = [
      { ...one, numberOfSeriesRelatedInstances: '12' },
      { ...one, numberOfSeriesRelatedInstances: '12' },
      { ...one, seriesInstanceUid: '1.1.2', bodyPartExamined: '', numberOfSeriesRelatedInstances: 'many' },
      { ...one, seriesInstanceUid: '1.1.3', bodyPartExamined: 'CHEST' },
      { ...one, seriesInstanceUid: '1.2.1', studyInstanceUid: '1.2' },
      { ...one, seriesInstanceUid: '' },
    ];
    expect(wantedSeries(answers, '1.1', { ...wants, body_part: ['HEAD'] })).toEqual([
      { seriesInstanceUid: '1.1.1', images: 12 },
      { seriesInstanceUid: '1.1.2', images: undefined },
    ]);
  });
});
