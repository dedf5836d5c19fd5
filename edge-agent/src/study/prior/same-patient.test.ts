import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { likeness, type Person } from './same-patient.ts';

const one: Person = { id: '17', issuer: 'H1', birthDate: '19700101', sex: 'F' };

describe('two data sets are', () => {
  it.each<[string, Partial<Person>, Partial<Person>, ReturnType<typeof likeness>]>([
    ['of one patient where all agrees', {}, {}, 'same'],
    ['of one patient where the other says no issuer and no sex', {}, { issuer: '', sex: '' }, 'same'],
    ['of one patient by ID and issuer alone', { birthDate: '' }, { birthDate: '', sex: '' }, 'same'],
    ['of one patient where only padding differs', {}, { id: ' 17 ', issuer: 'H1 ' }, 'same'],
    ['of two where the IDs differ', {}, { id: '171' }, 'other'],
    ['of two where upper and lower case of the ID differ', { id: 'a1' }, { id: 'A1' }, 'other'],
    ['of two where the issuers differ', {}, { issuer: 'H2' }, 'other'],
    ['of two where the birth dates differ', {}, { birthDate: '19700102' }, 'other'],
    ['of two where the sexes differ', {}, { sex: 'M' }, 'other'],
    ['not surely of one where nothing but the ID agrees', {}, { issuer: '', birthDate: '' }, 'unsure'],
    ['not surely of one without an ID', { id: '' }, {}, 'unsure'],
    ['not surely of one where neither has an ID', { id: '' }, { id: '' }, 'unsure'],
  ])('%s', (_, a, b, expected) => {
    expect(likeness({ ...one, ...a }, { ...one, ...b })).toBe(expected);
  });

  const people = fc.record({
    id: fc.constantFrom('', '1', '11', ' 1'),
    issuer: fc.constantFrom('', 'A', 'B'),
    birthDate: fc.constantFrom('', '19700101', '19700102'),
    sex: fc.constantFrom('', 'F', 'M'),
  });

  it('as alike from either side, and never the same when something that both say differs', () => {
    fc.assert(
      fc.property(people, people, (a, b) => {
        expect(likeness(a, b)).toBe(likeness(b, a));
        const keys = ['id', 'issuer', 'birthDate', 'sex'] as const;
        const differs = keys.some((key) => a[key] !== '' && b[key] !== '' && a[key].trim() !== b[key].trim());
        expect(likeness(a, b) === 'other').toBe(differs);
        expect(likeness(a, b) === 'same' && (a.id === '' || b.id === '')).toBe(false);
      }),
    );
  });
});
