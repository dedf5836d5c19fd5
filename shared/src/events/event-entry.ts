export type EventLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * One log or audit event: its text, its level, whether it also goes to the audit log, and every field it may carry.
 * A field holds an internal key, a count, a size, a duration or a code: never a patient, a UID or an accession number.
 */
export type EventEntry = {
  readonly level: EventLevel;
  readonly audit: boolean;
  readonly text: string;
  readonly fields: readonly string[];
};
