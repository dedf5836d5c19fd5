import { CodedError, describeError } from '../errors/coded-error.ts';

/** Exit codes of every command (DESIGN section 5). */
export const exitCodes = { done: 0, failed: 1, usage: 2, refused: 3 } as const;

export type OutputFormat = 'table' | 'json';
export type Column<T> = {
  readonly title: string;
  readonly value: (row: T) => string | number | boolean | null | undefined;
};

/** Results go to standard output, as a table for people or as JSON for programs. */
export function print<T>(rows: readonly T[], columns: readonly Column<T>[], format: OutputFormat): void {
  process.stdout.write(format === 'json' ? `${JSON.stringify(rows, null, 2)}\n` : table(rows, columns));
}

/** One thing: its fields line by line, or as JSON. */
export function printOne(value: Readonly<Record<string, unknown>>, format: OutputFormat): void {
  if (format === 'json') {
    process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    return;
  }
  const width = Math.max(...Object.keys(value).map((key) => key.length));
  for (const [key, field] of Object.entries(value)) {
    const text = field === null ? '-' : typeof field === 'string' ? field : JSON.stringify(field);
    process.stdout.write(`${key.padEnd(width)}  ${text}\n`);
  }
}

/** Left-aligned columns, two blanks apart; numbers to the right. */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  const cells = rows.map((row) => columns.map((column) => column.value(row)));
  const text = cells.map((line) => line.map((cell) => (cell === null || cell === undefined ? '-' : String(cell))));
  const widths = columns.map((column, i) => Math.max(column.title.length, ...text.map((line) => line[i]?.length ?? 0)));
  const numeric = columns.map((_, i) => cells.length > 0 && cells.every((line) => typeof line[i] === 'number'));
  const render = (line: readonly string[]) =>
    line
      .map((cell, i) => (numeric[i] === true ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return `${[columns.map((column) => column.title), ...text].map(render).join('\n')}\n`;
}

/** Codes that mean "not allowed", for exit code 3; set by the program that knows its policy errors. */
export type RefusedBy = (error: CodedError) => boolean;

/**
 * Runs one command to its exit code. A coded error is told on standard error with its remedy;
 * anything else is a bug and is told with its stack.
 */
export async function runCommand(action: () => Promise<void>, refused: RefusedBy = () => false): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (error instanceof CodedError) {
      process.stderr.write(`${tellError(error)}\n`);
      process.exitCode = exitCodeOf(error, refused);
    } else {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exitCode = exitCodes.failed;
    }
  }
}

/** Several problems of one file are told one to a line, so that a person can work them off. */
export function tellError(error: CodedError): string {
  const [file, ...rest] = error.detail.split(': ');
  const problems = rest.join(': ').split('; ');
  if (error.code !== 'config-invalid' || problems.length < 2) return describeError(error);
  const what = error.message.slice(0, -error.detail.length);
  return [`${error.code}: ${what}${file}`, ...problems.map((problem) => `  ${problem}`), error.remedy].join('\n');
}

/** What the person who typed the command can put right by typing it, or the file that it names, differently. */
const usageCodes: ReadonlySet<string> = new Set([
  'config-invalid',
  'config-unreadable',
  'duration-invalid',
  'operator-context-missing',
]);

function exitCodeOf(error: CodedError, refused: RefusedBy): number {
  if (usageCodes.has(error.code)) return exitCodes.usage;
  return refused(error) ? exitCodes.refused : exitCodes.failed;
}
