import type { Answer } from '../../store/delivery-row.ts';

/** What a STOW-RS response says of objects, by SOP Instance UID (PS3.18 §10.5.3, PS3.18 Table I.2-1). */
export type StoreReport = ReadonlyMap<string, Answer>;

const SUCCESS = 0x0000;
const PROCESSING_FAILURE = 0x0110;
const tags = {
  failedSopSequence: '00081198',
  referencedSopSequence: '00081199',
  referencedSopInstanceUid: '00081155',
  warningReason: '00081196',
  failureReason: '00081197',
} as const;

/**
 * Reads the DICOM JSON of a response; empty when it is none, or says nothing. An object that is listed both as stored
 * and as failed counts as failed.
 */
export function readStoreReport(body: string): StoreReport {
  const report = new Map<string, Answer>();
  const dataSet = asObject(firstOf(parsed(body)));
  for (const item of itemsOf(dataSet, tags.referencedSopSequence)) {
    const uid = uidOf(item);
    if (uid !== undefined) report.set(uid, { status: numberOf(item, tags.warningReason) ?? SUCCESS });
  }
  for (const item of itemsOf(dataSet, tags.failedSopSequence)) {
    const uid = uidOf(item);
    if (uid !== undefined) report.set(uid, { status: numberOf(item, tags.failureReason) ?? PROCESSING_FAILURE });
  }
  return report;
}

type Json = Readonly<Record<string, unknown>>;

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined; // A body that is no JSON says nothing of any object, and the caller treats it so.
  }
}

/** Some servers wrap the data set in a list of one, as searches answer. */
const firstOf = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value);

const asObject = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});

function valuesOf(dataSet: Json, tag: string): readonly unknown[] {
  const values = asObject(dataSet[tag])['Value'];
  return Array.isArray(values) ? values : [];
}

const itemsOf = (dataSet: Json, tag: string): readonly Json[] => valuesOf(dataSet, tag).map(asObject);

function uidOf(item: Json): string | undefined {
  const [uid] = valuesOf(item, tags.referencedSopInstanceUid);
  return typeof uid === 'string' ? uid : undefined;
}

function numberOf(item: Json, tag: string): number | undefined {
  const [value] = valuesOf(item, tag);
  const number = typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= 0xffff ? number : undefined;
}
