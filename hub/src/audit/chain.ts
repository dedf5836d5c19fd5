import { canonicalJson, sha256Hex } from '@collimator/shared/release/canonical-json';

/** Who did what to what. `detail` holds internal keys and whole numbers: never a secret, never a patient. */
export type AuditEntry = {
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
};

export type AuditRecord = AuditEntry & {
  readonly seq: number;
  readonly at: string;
  readonly previous: string;
  readonly sha256: string;
};

/** What the first record names as the one before it. */
export const chainStart = '0'.repeat(64);

/** The record that follows `last`: its digest covers its content and the digest before it. */
export function nextRecord(
  last: Pick<AuditRecord, 'seq' | 'sha256'> | undefined,
  entry: AuditEntry,
  at: string,
): AuditRecord {
  const seq = (last?.seq ?? 0) + 1;
  const previous = last?.sha256 ?? chainStart;
  return { ...entry, seq, at, previous, sha256: digest({ ...entry, seq, at, previous }) };
}

/** The sequence number of the first record that does not follow from those before it; undefined when all do. */
export function firstBroken(
  records: readonly AuditRecord[],
  before?: Pick<AuditRecord, 'seq' | 'sha256'>,
): number | undefined {
  let last = before;
  for (const record of records) {
    const { actor, action, subject, detail } = record;
    const expected = nextRecord(last, { actor, action, subject, detail }, record.at);
    if (record.seq !== expected.seq || record.previous !== expected.previous || record.sha256 !== expected.sha256) {
      return record.seq;
    }
    last = record;
  }
  return undefined;
}

const digest = (content: Omit<AuditRecord, 'sha256'>): string => {
  const { seq, at, actor, action, subject, detail, previous } = content;
  return sha256Hex(canonicalJson({ seq, at, actor, action, subject, detail, previous }));
};
