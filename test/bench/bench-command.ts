import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { type Report, writeJson } from './report.ts';

/** What every benchmark takes. */
export type CommonOptions = { readonly json?: string; readonly markdown?: string; readonly quick: boolean };

/** A command with the options that every benchmark takes. */
export const benchCommand = (name: string, description: string, quick: string): Command =>
  new Command(name)
    .description(description)
    .option('--json <file>', 'write the report')
    .option('--markdown <file>', 'write a block for RESULTS.md')
    .option('--quick', quick, false);

/** Below the root of the checkout, so on the disk that the checkout is on. */
export const defaultDir = fileURLToPath(new URL('../../../node_modules/.cache/', import.meta.url));

/** A whole number of at least 1. */
export const positive = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('Expected a whole number of at least 1.');
  return value;
};

/** One of the names that there are. */
export const oneOf =
  <Name extends string>(kind: string, names: readonly Name[]) =>
  (text: string): Name => {
    const known = names.find((name) => name === text.trim());
    if (known === undefined) throw new InvalidArgumentError(`No ${kind} is called "${text}".`);
    return known;
  };

/** Several, with commas. */
export const listOf =
  <Value>(one: (text: string) => Value) =>
  (text: string): Value[] =>
    text.split(',').map(one);

export const tellProgress = (text: string): void => void process.stderr.write(`${text}\n`);

/** Prints a report, and writes what files were asked for. */
export function writeReport<Run, Its extends Report<Run>>(
  report: Its,
  options: CommonOptions,
  present: { readonly plain: (report: Its) => string; readonly markdown: (report: Its) => string },
): void {
  process.stdout.write(present.plain(report));
  if (options.json !== undefined) writeJson(options.json, report);
  if (options.markdown !== undefined) writeFileSync(options.markdown, present.markdown(report));
}
