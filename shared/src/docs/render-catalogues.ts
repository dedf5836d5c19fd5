import type { ErrorEntry } from '../errors/error-entry.ts';
import type { EventEntry } from '../events/event-entry.ts';

/** The error catalogue as a page: one row a code, in alphabetical order. */
export function renderErrors(catalogue: Readonly<Record<string, ErrorEntry>>): string {
  const rows = sorted(catalogue).map(([code, e]) => `| \`${code}\` | ${e.what} | ${e.remedy} | ${e.class} |`);
  return page('Errors', 'shared/src/errors', [
    'Transient errors are tried again, permanent ones never, ambiguous ones only with the same bytes.',
    '',
    '| code | what happened | what to do | class |',
    '|---|---|---|---|',
    ...rows,
  ]);
}

/** The registry of log and audit events as a page. */
export function renderEvents(registry: Readonly<Record<string, EventEntry>>): string {
  const rows = sorted(registry).map(
    ([name, e]) =>
      `| \`${name}\` | ${e.level} | ${e.audit ? 'yes' : 'no'} | ${e.text} | ${e.fields.map((f) => `\`${f}\``).join(' ')} |`,
  );
  return page('Events', 'shared/src/events', [
    'Fields hold internal keys, counts, sizes, durations and codes: never a patient, a UID or an accession number.',
    '',
    '| event | level | audit | text | fields |',
    '|---|---|---|---|---|',
    ...rows,
  ]);
}

const sorted = <T>(record: Readonly<Record<string, T>>): [string, T][] =>
  Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));

const page = (title: string, source: string, lines: readonly string[]): string =>
  [`# ${title}`, '', `Generated from \`${source}\` by \`npm run docs\`.`, '', ...lines, ''].join('\n');
