import type { RawElement } from '../decode/raw-element.ts';

const STUDY_INSTANCE_UID = 0x0020000d;

/**
 * The study that subject elements are of.
 *
 * @throws RangeError where they name none
 */
export function studyInstanceUidOf(subject: readonly RawElement[]): string {
  const value = subject.find(({ tag }) => tag === STUDY_INSTANCE_UID)?.value;
  const uid =
    value instanceof Uint8Array
      ? Buffer.from(value)
          .toString('latin1')
          .replace(/[\0 ]+$/, '')
      : '';
  if (uid === '') throw new RangeError('the source names no study');
  return uid;
}
