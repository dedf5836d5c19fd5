import { createHmac } from 'node:crypto';

/** Who an image says the patient is: values as text, padding removed. */
export type PatientIdentity = {
  /** (0010,0020) */
  readonly id: string;
  /** (0010,0021) */
  readonly issuer: string;
  /** (0010,0010) */
  readonly name: string;
  /** (0010,0030) */
  readonly birthDate: string;
};

/** Hex digits of the digest that are kept: 128 bits. */
const DIGITS = 32;

/**
 * A digest that two images share only when they name the same patient, kept in the index to find studies that mix
 * patients. It is keyed: names and birth dates are few enough to be tried, so a bare digest in a backup would tell them.
 *
 * Patient ID, its issuer, name and birth date all count. The ID alone does not do: it is unique within its issuer only,
 * is left empty in emergencies, and a corrected name under the same ID is just what must never go unnoticed. Sex, age,
 * other IDs and comments do not count: workstations add and drop them within one study of one patient.
 * What is only another way to write the same does not make another patient: padding, empty components at the end of a
 * name, and the character set (the text is compared, not its bytes). Everything else does, upper and lower case too:
 * a refusal too many is seen and put right, a mixture that passes is not.
 *
 * @param secret random bytes of this appliance
 */
export function patientKey(secret: Uint8Array, { id, issuer, name, birthDate }: PatientIdentity): string {
  const values = [id.trim(), issuer.trim(), plainName(name), birthDate.trim()].map((value) => value.normalize('NFC'));
  return createHmac('sha256', secret).update(JSON.stringify(values)).digest('hex').slice(0, DIGITS);
}

/** PS3.5 §6.2.1: empty components and component groups at the end may be left out. */
const plainName = (name: string): string =>
  name
    .split('=')
    .map((group) => group.trim().replace(/[\^ ]+$/, ''))
    .join('=')
    .replace(/=+$/, '');
