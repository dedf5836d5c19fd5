import { encodingOf } from '../data-set/encoding.ts';
import { readElements } from '../data-set/read-elements.ts';
import { writeElement } from '../data-set/write-elements.ts';
import { withoutPadding } from '../message/padding.ts';
import { ok, type Result } from '../result.ts';

/** Study Root Query/Retrieve Information Model – FIND (PS3.4 §C.6.2). */
export const STUDY_ROOT_FIND = '1.2.840.10008.5.1.4.1.2.2.1';

/** The keys that can be asked for and read, in ascending order of their tags (PS3.4 §C.6.2.1). */
const keys = {
  specificCharacterSet: [0x0008_0005, 'CS'],
  sopClassUid: [0x0008_0016, 'UI'],
  sopInstanceUid: [0x0008_0018, 'UI'],
  studyDate: [0x0008_0020, 'DA'],
  studyTime: [0x0008_0030, 'TM'],
  accessionNumber: [0x0008_0050, 'SH'],
  queryRetrieveLevel: [0x0008_0052, 'CS'],
  retrieveAeTitle: [0x0008_0054, 'AE'],
  instanceAvailability: [0x0008_0056, 'CS'],
  modality: [0x0008_0060, 'CS'],
  modalitiesInStudy: [0x0008_0061, 'CS'],
  sopClassesInStudy: [0x0008_0062, 'UI'],
  studyDescription: [0x0008_1030, 'LO'],
  seriesDescription: [0x0008_103e, 'LO'],
  patientName: [0x0010_0010, 'PN'],
  patientId: [0x0010_0020, 'LO'],
  issuerOfPatientId: [0x0010_0021, 'LO'],
  patientBirthDate: [0x0010_0030, 'DA'],
  patientSex: [0x0010_0040, 'CS'],
  bodyPartExamined: [0x0018_0015, 'CS'],
  studyInstanceUid: [0x0020_000d, 'UI'],
  seriesInstanceUid: [0x0020_000e, 'UI'],
  studyId: [0x0020_0010, 'SH'],
  seriesNumber: [0x0020_0011, 'IS'],
  instanceNumber: [0x0020_0013, 'IS'],
  numberOfStudyRelatedSeries: [0x0020_1206, 'IS'],
  numberOfStudyRelatedInstances: [0x0020_1208, 'IS'],
  numberOfSeriesRelatedInstances: [0x0020_1209, 'IS'],
} as const satisfies Record<string, readonly [number, string]>;

export type FindKey = keyof typeof keys;

/**
 * What is asked for, or what came back: a value per key, several separated by `\`. In a request the empty value asks
 * for the key to be returned (PS3.4 §C.2.2.2.3 universal matching).
 */
export type FindIdentifier = { readonly [key in FindKey]?: string };

const names = Object.keys(keys) as FindKey[];
const byTag = new Map<number, FindKey>(names.map((name) => [keys[name][0], name]));
const UTF8 = 'ISO_IR 192';

/** Encodes the Identifier of a C-FIND-RQ. Text is UTF-8 where `specificCharacterSet` says so, else Latin-1. */
export function encodeFindIdentifier(identifier: FindIdentifier, transferSyntaxUid: string): Buffer {
  const encoding = encodingOf(transferSyntaxUid);
  const charset = identifier.specificCharacterSet === UTF8 ? 'utf8' : 'latin1';
  return Buffer.concat(
    names.flatMap((name) => {
      const value = identifier[name];
      const [tag, vr] = keys[name];
      return value === undefined ? [] : [writeElement(tag, vr, Buffer.from(value, charset), encoding)];
    }),
  );
}

/**
 * Reads the Identifier of a C-FIND-RSP: the keys above, without padding; other elements are skipped. Text in another
 * character set than UTF-8 or Latin-1 comes out as its bytes, one character each.
 */
export function decodeFindIdentifier(bytes: Buffer, transferSyntaxUid: string): Result<FindIdentifier, string> {
  const elements = readElements(bytes, encodingOf(transferSyntaxUid));
  if (!elements.ok) return elements;
  const characterSet = elements.value.find(({ tag }) => tag === keys.specificCharacterSet[0]);
  const charset = characterSet?.value.toString('latin1').trim() === UTF8 ? 'utf8' : 'latin1';
  const found: { [key in FindKey]?: string } = {};
  for (const { tag, value } of elements.value) {
    const name = byTag.get(tag);
    if (name !== undefined) found[name] = withoutPadding(value.toString(charset)).trimStart();
  }
  return ok(found);
}

/** A count of the response as a number; undefined where it is absent or none. */
export function countOf(
  identifier: FindIdentifier,
  key: 'numberOfStudyRelatedSeries' | 'numberOfStudyRelatedInstances' | 'numberOfSeriesRelatedInstances',
): number | undefined {
  const text = identifier[key];
  return text !== undefined && /^\+?\d{1,12}$/.test(text) ? Number(text) : undefined;
}
