import type { HoldKind } from '../study/hold.ts';
import type { ConflictAction } from '../study/receive/receive-events.ts';
import type { RemovalReason } from '../study/retain/plan-removal.ts';
import { type Ask, by } from './ask.ts';

/** What was done about other bytes under a known UID, in the words of the configuration. */
export type ConflictOutcome = 'quarantined' | 'replaced' | 'kept-first';

/** What the policies for receiving and keeping have done. Counts are since the start. */
export type PolicyFigures = {
  readonly conflicts: Readonly<Record<ConflictOutcome, number>>;
  /** Of now. */
  readonly quarantine: { readonly entries: number; readonly bytes: number };
  readonly removed: Readonly<Record<RemovalReason, number>>;
  /** Bytes of the files of removed studies. */
  readonly freedBytes: number;
  /** Jobs of removed studies whose results can still be taken back. */
  readonly withdrawableJobs: number;
  /** Studies that are held now. */
  readonly held: Readonly<Record<HoldKind, number>>;
};

/** What a conflict came to: a copy that lies in the quarantine already was quarantined once more, and what stays is the first. */
export const outcomeOf: Readonly<Record<ConflictAction, ConflictOutcome>> = {
  quarantined: 'quarantined',
  known: 'quarantined',
  replaced: 'replaced',
  'first-kept': 'kept-first',
  'own-kept': 'kept-first',
};

/** Class of a status that is none of success (PS3.7 Annex C, PS3.4 Table B.2-1). */
export type RefusalClass = 'A7xx' | 'A9xx' | 'Cxxx' | '01xx' | 'Bxxx' | 'other';

export function refusalClassOf(status: number): RefusalClass {
  if (status >> 8 === 0xa7) return 'A7xx';
  if (status >> 8 === 0xa9) return 'A9xx';
  if (status >> 8 === 0x01) return '01xx';
  if (status >> 12 === 0xc) return 'Cxxx';
  return status >> 12 === 0xb ? 'Bxxx' : 'other';
}

/** Objects that were refused on either way in. */
export const sumOf = (
  one: Readonly<Record<RefusalClass, number>>,
  other: Readonly<Record<RefusalClass, number>>,
): Readonly<Record<RefusalClass, number>> => {
  const sums: Record<RefusalClass, number> = { ...one };
  for (const [key, count] of Object.entries(other)) sums[key as RefusalClass] += count;
  return sums;
};

export function addPolicyMetrics(
  ask: Ask,
  figures: () => PolicyFigures,
  refused: () => Readonly<Record<RefusalClass, number>>,
): void {
  ask('collimator_conflicts_total', 'Objects under a known UID with other content, by what was done', ['action'], () =>
    by('action', figures().conflicts),
  );
  ask('collimator_quarantine_entries', 'Objects in the quarantine', [], () => [[{}, figures().quarantine.entries]]);
  ask('collimator_quarantine_bytes', 'Bytes of the data sets in the quarantine', [], () => [
    [{}, figures().quarantine.bytes],
  ]);
  ask('collimator_studies_removed_total', 'Studies that were removed, by reason', ['reason'], () =>
    by('reason', figures().removed),
  );
  ask('collimator_removed_bytes_total', 'Bytes of the files of studies that were removed', [], () => [
    [{}, figures().freedBytes],
  ]);
  ask('collimator_withdrawable_jobs', 'Jobs of removed studies whose results can still be taken back', [], () => [
    [{}, figures().withdrawableJobs],
  ]);
  ask('collimator_study_holds', 'Studies that are held, by kind of hold', ['kind'], () => by('kind', figures().held));
  ask(
    'collimator_instances_refused_total',
    'Objects that were not answered with success, by class of the status',
    ['status'],
    () => by('status', refused()),
  );
}
