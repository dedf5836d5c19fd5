import { err, ok, type Result } from '@collimator/shared/result';
import type { DataSet } from 'dicom-parser';
import { parsePart10 } from './part10.ts';

/** Largest key object looked at, bytes: room for some 70,000 references, parsed within a second. */
export const KEY_OBJECT_BYTES_MAX = 8_388_608;

/** What a Key Object Selection document (PS3.3 §A.35.4) says. */
export type KeyObject = {
  /** Code of its document title (PS3.16 CID 7010); one of another terminology than DICOM's as `SCHEME:CODE`. */
  readonly title: string | undefined;
  /** SOP Instance UIDs that its content or its evidence names, each once. */
  readonly references: readonly string[];
  /** Studies that its evidence names, and its own. */
  readonly studyInstanceUids: readonly string[];
};

/**
 * Reads title and references of a key object; both lists are taken, because senders fill one or the other.
 *
 * @param bytes the whole Part 10 file, at most KEY_OBJECT_BYTES_MAX
 * @returns why it cannot be read
 */
export function readKeyObject(bytes: Uint8Array): Result<KeyObject, string> {
  if (bytes.length > KEY_OBJECT_BYTES_MAX) return err(`it is longer than ${KEY_OBJECT_BYTES_MAX} bytes`);
  const parsed = parsePart10(bytes);
  if (!parsed.ok) return err(parsed.error.detail);
  const { dataSet } = parsed.value;
  const references = new Set<string>();
  const take = (item: DataSet): void => {
    const uid = item.string('x00081155')?.trim() ?? '';
    if (uid !== '') references.add(uid);
  };
  // Content Sequence → Referenced SOP Sequence (TID 2010 has no deeper nesting).
  for (const content of items(dataSet, 'x0040a730')) for (const one of items(content, 'x00081199')) take(one);
  // Current Requested Procedure Evidence Sequence → series → instances.
  const evidence = items(dataSet, 'x0040a375');
  for (const study of evidence)
    for (const series of items(study, 'x00081115')) for (const one of items(series, 'x00081199')) take(one);
  const studies = [dataSet, ...evidence].map((one) => one.string('x0020000d')?.trim() ?? '');
  return ok({
    title: titleOf(dataSet),
    references: [...references],
    studyInstanceUids: [...new Set(studies.filter((uid) => uid !== ''))],
  });
}

function titleOf(dataSet: DataSet): string | undefined {
  const [concept] = items(dataSet, 'x0040a043');
  const code = concept?.string('x00080100')?.trim() ?? '';
  const scheme = concept?.string('x00080102')?.trim() ?? '';
  if (code === '' || scheme === '') return undefined;
  return scheme === 'DCM' ? code : `${scheme}:${code}`;
}

const items = (dataSet: DataSet, tag: string): readonly DataSet[] =>
  (dataSet.elements[tag]?.items ?? []).flatMap(({ dataSet: item }) => (item === undefined ? [] : [item]));
