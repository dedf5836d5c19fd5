import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '@collimator/shared/cli/output';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Pacs } from './configs.ts';
import { choosePorts, layOut } from './layout.ts';
import { runDemo } from './run-demo.ts';

type Options = {
  readonly once?: boolean;
  readonly data?: string;
  readonly report?: string;
  readonly pacs?: Pacs;
  readonly portBase?: number;
};

/** `collimator demo`: the whole loop once, on real input, with every program as a process of its own. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('Run the whole loop: provision, train, sign, roll out, receive a study, infer, send the results back')
    .option('--once', 'end when the loop has closed, instead of leaving everything running')
    .option('--data <dir>', 'folder for configuration, data and logs; new or empty (default: .demo/<time>)')
    .option('--report <file>', 'write what happened as JSON')
    .addOption(new Option('--pacs <aet@host:port>', 'send the results to this PACS').argParser(parsePacs))
    .addOption(new Option('--port-base <n>', 'use the ports from n on, instead of free ones').argParser(parsePort))
    .action((options: Options) => runCommand(() => main(options)));
}

async function main(options: Options): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  const folder = options.data ?? join('.demo', new Date().toISOString().replaceAll(/[-:]|\.\d+/g, ''));
  const layout = layOut(folder);
  const report = await runDemo({
    layout,
    ports: await choosePorts(options.portBase),
    signal: stop.signal,
    stay: options.once !== true,
    ...(options.pacs !== undefined && { pacs: options.pacs }),
  });
  if (options.report !== undefined) writeFileSync(options.report, `${JSON.stringify(report, null, 2)}\n`);
  if (!report.ok && !stop.signal.aborted) throw new CodedError('demo-failed', report.error ?? 'for no known reason');
  if (!report.ok) process.exitCode = 130;
}

function parsePacs(text: string): Pacs {
  const match = /^([^@\\]{1,16})@([^@:]+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new InvalidArgumentError('Write it as AET@HOST:PORT.');
  return { aeTitle: match[1] ?? '', host: match[2] ?? '', port };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1024 || port > 65_000)
    throw new InvalidArgumentError('A port from 1024 to 65000.');
  return port;
}
