import { describe, expect, it } from 'vitest';
import { judgeSeries, outcomeOf, type SeriesFacts, type Verdict } from './settle-request.ts';
import type { Person } from './same-patient.ts';

const person: Person = { id: 'P1', issuer: '', birthDate: '19700101', sex: 'F' };
const facts: SeriesFacts = {
  ...{ images: 3, expected: 3, fetch: 'here', reason: undefined, modality: 'MR', bodyPart: 'HEAD', people: [person] },
};

describe('a series that came', () => {
  it.each<[string, Partial<SeriesFacts>, Verdict]>([
    ['is given to the job', {}, { offered: true }],
    ['is given when it was here already', { fetch: 'none', expected: undefined }, { offered: true }],
    ['is late while it is coming', { fetch: 'moving' }, { offered: false, reason: 'priors-late' }],
    ['is late while it waits', { fetch: 'waiting' }, { offered: false, reason: 'priors-late' }],
    [
      'says why it did not come',
      { fetch: 'failed', reason: 'priors-destination-unknown' },
      { offered: false, reason: 'priors-destination-unknown' },
    ],
    ['is not given in part', { images: 2 }, { offered: false, reason: 'priors-incomplete' }],
    ['is not given empty', { images: 0, expected: undefined }, { offered: false, reason: 'priors-incomplete' }],
    [
      'is not given when one of its patients is another one',
      { people: [person, { ...person, sex: 'M' }] },
      { offered: false, reason: 'priors-other-patient' },
    ],
    [
      'is not given when one cannot be read',
      { people: [undefined] },
      { offered: false, reason: 'priors-other-patient' },
    ],
    ['is not given when nobody is named', { people: [] }, { offered: false, reason: 'priors-other-patient' }],
    [
      'is not given when it shows something else',
      { bodyPart: 'CHEST' },
      { offered: false, reason: 'priors-not-as-asked' },
    ],
    ['is not given when it says nothing of that', { bodyPart: '' }, { offered: false, reason: 'priors-not-as-asked' }],
  ])('%s', (_, more, expected) => {
    const wants = { count_max: 1, wait_s_max: 1, required: false, body_part: ['HEAD'] };
    expect(judgeSeries({ ...facts, ...more }, person, wants)).toEqual(expected);
  });
});

describe('a request', () => {
  const no = (reason: Exclude<Verdict, { offered: true }>['reason']): Verdict => ({ offered: false, reason });
  it.each([
    ['without any series found none', [], { outcome: 'none', reason: undefined }],
    ['with one series found it', [{ offered: true }], { outcome: 'found', reason: undefined }],
    ['tells why it has not all', [{ offered: true }, no('priors-late')], { outcome: 'found', reason: 'priors-late' }],
    ['is late', [no('priors-late')], { outcome: 'late', reason: 'priors-late' }],
    ['has failed', [no('priors-incomplete')], { outcome: 'failed', reason: 'priors-incomplete' }],
    [
      'tells what can be done about, rather than what cannot',
      [no('priors-not-as-asked'), no('priors-destination-unknown')],
      { outcome: 'failed', reason: 'priors-destination-unknown' },
    ],
    ['of somebody else has none', [no('priors-other-patient')], { outcome: 'none', reason: 'priors-other-patient' }],
  ] as const)('%s', (_, verdicts, expected) => {
    expect(outcomeOf(verdicts)).toEqual(expected);
  });
});
