import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PatientIdentity, patientKey } from './patient-key.ts';

const secret = Buffer.alloc(32, 7);
const someone: PatientIdentity = { id: 'P1', issuer: 'HOSPITAL', name: 'Müller^Ann=^=', birthDate: '19700101' };
const key = (change: Partial<PatientIdentity>): string => patientKey(secret, { ...someone, ...change });

describe('the key of a patient', () => {
  it.each([
    ['another ID', { id: 'P2' }],
    ['another issuer', { issuer: 'CLINIC' }],
    ['another name', { name: 'Müller^Anna' }],
    ['another case', { name: 'MÜLLER^ANN' }],
    ['another birth date', { birthDate: '19700102' }],
    ['no birth date', { birthDate: '' }],
  ])('differs for %s', (_, change) => {
    expect(key(change)).not.toBe(key({}));
  });

  it.each([
    ['padding', { id: 'P1 ', name: ' Müller^Ann ' }],
    ['empty components at the end', { name: 'Müller^Ann^^^' }],
    ['a letter and its accent as two characters', { name: 'Mu\u0308ller^Ann' }],
  ])('is the same with %s', (_, change) => {
    expect(key(change)).toBe(key({}));
  });

  it('does not run one value into the next, and tells nothing without the secret', () => {
    const text = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(text, text, (id, issuer) => {
        const keys = new Set([patientKey(secret, { ...someone, id: id + issuer, issuer: '' }), key({ id, issuer })]);
        expect(keys.size).toBe(issuer.trim() === '' ? 1 : 2);
        expect(patientKey(randomBytes(32), someone)).not.toBe(key({}));
      }),
    );
  });
});
