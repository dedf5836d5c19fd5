import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AuditEntry, type AuditRecord, firstBroken, nextRecord } from './chain.ts';

const entry = fc.record({
  actor: fc.string(),
  action: fc.string(),
  subject: fc.string(),
  detail: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.oneof(fc.string(), fc.integer(), fc.boolean())),
});

const chain = (entries: readonly AuditEntry[]): AuditRecord[] => {
  const records: AuditRecord[] = [];
  for (const each of entries) records.push(nextRecord(records.at(-1), each, '2026-11-23T12:00:00Z'));
  return records;
};

test('a chain as it was written is whole', () =>
  fc.assert(fc.property(fc.array(entry), (entries) => firstBroken(chain(entries)) === undefined)));

test('a record changed, taken out or put elsewhere is found', () => {
  fc.assert(
    fc.property(fc.array(entry, { minLength: 2, maxLength: 8 }), fc.nat(7), (entries, at) => {
      const records = chain(entries);
      const i = at % records.length;
      const changed = records.map((r, n) => (n === i ? { ...r, subject: `${r.subject}x` } : r));
      expect(firstBroken(changed)).toBe(i + 1);
      const removed = records.filter((_, n) => n !== i);
      // Taking the last one off cannot be seen in the chain alone: the count is known elsewhere.
      const seen = i < records.length - 1 ? i + 2 : undefined;
      expect(firstBroken(removed)).toBe(seen);
      const forged = nextRecord(records[i - 1], { actor: 'x', action: 'x', subject: 'x', detail: {} }, 'now');
      const replaced = records.map((r, n) => (n === i ? forged : r));
      expect(firstBroken(replaced)).toBe(seen);
    }),
  );
});
