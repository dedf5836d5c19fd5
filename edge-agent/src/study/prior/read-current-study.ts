import { decodeText } from '../receive/header/character-set.ts';
import type { RawElement } from '../decode/raw-element.ts';
import type { SliceReader } from '../decode/slice-reader.ts';
import type { CurrentStudy } from './choose-priors.ts';

/**
 * Who an image says the patient is, and when its study was; undefined where it cannot be read. It is read from the file
 * each time that somebody is asked: the database knows patients by keyed digests only.
 *
 * @param file absolute
 */
export async function readStudyOf(
  reader: Pick<SliceReader, 'readSubject'>,
  file: string,
): Promise<CurrentStudy | undefined> {
  const read = await reader.readSubject(file);
  return read.ok ? studyOf(read.value) : undefined;
}

export function studyOf(elements: readonly RawElement[]): CurrentStudy {
  const bytes = (tag: number): Uint8Array => {
    const value = elements.find((element) => element.tag === tag)?.value;
    return value instanceof Uint8Array ? value : new Uint8Array(0);
  };
  const plain = (tag: number): string =>
    Buffer.from(bytes(tag))
      .toString('latin1')
      .replace(/[\0 ]+$/, '')
      .trim();
  const characterSet = plain(0x0008_0005);
  const text = (tag: number): string => decodeText(bytes(tag), characterSet);
  return {
    studyInstanceUid: plain(0x0020_000d),
    person: {
      id: text(0x0010_0020),
      issuer: text(0x0010_0021),
      birthDate: plain(0x0010_0030),
      sex: plain(0x0010_0040),
    },
    date: plain(0x0008_0020),
    time: plain(0x0008_0030),
  };
}
