/** What a data set or a query answer says of a patient, without padding; empty where it says nothing. */
export type Person = {
  /** (0010,0020) */
  readonly id: string;
  /** (0010,0021) */
  readonly issuer: string;
  /** (0010,0030) */
  readonly birthDate: string;
  /** (0010,0040) */
  readonly sex: string;
};

/** `unsure`: nothing speaks against it, and nothing but the ID for it. */
export type Likeness = 'same' | 'other' | 'unsure';

/**
 * Whether two data sets are of one patient. A Patient ID is unique within its issuer only, and many archives hold IDs of
 * several hospitals without saying which: so the ID must be the same, the birth date or the issuer too, and nothing that
 * both say may differ. Names do not count: they change, and are written in many ways.
 */
export function likeness(one: Person, other: Person): Likeness {
  const pairs = (['id', 'issuer', 'birthDate', 'sex'] as const).map(
    (key) => [key, plain(one[key]), plain(other[key])] as const,
  );
  const both = pairs.filter(([, a, b]) => a !== '' && b !== '');
  if (both.some(([, a, b]) => a !== b)) return 'other';
  const agreed = new Set(both.map(([key]) => key));
  if (!agreed.has('id')) return 'unsure';
  return agreed.has('issuer') || agreed.has('birthDate') ? 'same' : 'unsure';
}

const plain = (value: string): string => value.trim().normalize('NFC');
