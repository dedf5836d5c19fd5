import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

/** A figure that an issue asks for. `goal` reads as it stands there: `≥ 1` or `≤ 100`. */
export type Goal = {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal: string;
  readonly ok: boolean;
  /** Lowest and highest of the repetitions whose median is `value`, where there were several. */
  readonly spread?: readonly [number, number];
};

export type Machine = {
  readonly cpu: string;
  readonly cores: number;
  readonly memory_gib: number;
  readonly node: string;
  readonly kernel: string;
};

/** What every benchmark writes with `--json`. */
export type Report<Run> = {
  readonly machine: Machine;
  readonly commit: string;
  readonly date: string;
  readonly goals: readonly Goal[];
  readonly runs: readonly Run[];
};

export const atLeast = (goal: number): Bound => ({ text: `≥ ${goal}`, holds: (value) => value >= goal });
export const atMost = (goal: number): Bound => ({ text: `≤ ${goal}`, holds: (value) => value <= goal });
export type Bound = { readonly text: string; readonly holds: (value: number) => boolean };

/** A goal from the values of its repetitions: the median counts. */
export function goalOf(name: string, values: readonly number[], unit: string, bound: Bound): Goal {
  const { median, lowest, highest } = summaryOf(values);
  return {
    ...{ name, value: rounded(median), unit, goal: bound.text, ok: bound.holds(median) },
    ...(values.length > 1 && { spread: [rounded(lowest), rounded(highest)] as const }),
  };
}

export type Summary = { readonly median: number; readonly lowest: number; readonly highest: number };

/** NaN throughout when there are no values. */
export function summaryOf(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    lowest: at(0),
    highest: at(sorted.length - 1),
  };
}

/** Four significant digits: more would pretend. */
export const rounded = (value: number): number => Number(value.toPrecision(4));

export function thisMachine(): Machine {
  const first = cpus()[0];
  return {
    cpu: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / 1024 ** 3),
    node: process.versions.node,
    kernel: readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim(),
  };
}

/** The commit that runs, with `+` when the working tree differs from it; `unknown` outside a checkout. */
export function thisCommit(): string {
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return git('rev-parse', '--short=12', 'HEAD') + (git('status', '--porcelain') === '' ? '' : '+');
  } catch {
    return 'unknown';
  }
}

/** Columns in the width of their longest cell; the first is left-aligned, the others are numbers. */
export function plainTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  return [head, ...rows].map(line).join('\n');
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (row: readonly string[]): string => `| ${row.join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

const goalHead = ['goal', 'figure', 'spread', 'wanted', 'met'] as const;
const goalRows = (goals: readonly Goal[]): string[][] =>
  goals.map(({ name, value, unit, goal, ok, spread }) => [
    name,
    `${value}${unit === '' ? '' : ` ${unit}`}`,
    spread === undefined ? '' : `${spread[0]} – ${spread[1]}`,
    goal,
    ok ? 'yes' : 'NO',
  ]);

export const plainGoals = (goals: readonly Goal[]): string => plainTable(goalHead, goalRows(goals));
export const markdownGoals = (goals: readonly Goal[]): string =>
  markdownTable(
    goalHead,
    goalRows(goals).map(([name = '', ...rest]) => [`\`${name}\``, ...rest]),
  );

export const writeJson = (file: string, report: Report<unknown>): void =>
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);

export const machineLine = ({ cpu, cores, memory_gib, node, kernel }: Machine): string =>
  `${cores} cores (${cpu}), ${memory_gib} GiB, Node ${node}, Linux ${kernel}`;
