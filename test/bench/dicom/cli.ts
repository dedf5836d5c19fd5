import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { writeJson } from '../report.ts';
import { fullSize, quickSize, runDicomBench } from './bench.ts';
import { markdownReport, plainReport } from './present.ts';
import { type ServerName, serverNames } from './servers.ts';

type Options = {
  readonly json?: string;
  readonly markdown?: string;
  readonly quick: boolean;
  readonly dir: string;
  readonly repetitions?: number;
  readonly associations?: readonly number[];
  readonly servers?: readonly ServerName[];
};

/** Below the root of the checkout, so on the disk that the checkout is on. */
const defaultDir = fileURLToPath(new URL('../../../../node_modules/.cache/', import.meta.url));

const positive = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('Expected a whole number of at least 1.');
  return value;
};

const command = new Command('bench:dicom')
  .description('receiving, beside storescp and Orthanc')
  .option('--json <file>', 'write the report')
  .option('--markdown <file>', 'write a block for RESULTS.md')
  .option('--quick', 'fewer images, one repetition', false)
  .option('--dir <folder>', 'work below this folder, on a real disk', defaultDir)
  .option('--repetitions <n>', 'how often each is measured', positive)
  .option('--associations <list>', 'numbers of associations, with commas', (text) => text.split(',').map(positive))
  .option('--servers <list>', `some of: ${serverNames.join(', ')}`, (text) =>
    text.split(',').map((name) => {
      const known = serverNames.find((one) => one === name.trim());
      if (known === undefined) throw new InvalidArgumentError(`No server is called "${name}".`);
      return known;
    }),
  )
  .action(async (options: Options) => {
    const size = options.quick ? quickSize : fullSize;
    const report = await runDicomBench({
      dir: options.dir,
      size: {
        ...size,
        ...(options.repetitions !== undefined && { repetitions: options.repetitions }),
        ...(options.associations !== undefined && { associations: options.associations }),
      },
      ...(options.servers !== undefined && { servers: options.servers }),
      progress: (text) => process.stderr.write(`${text}\n`),
    });
    process.stdout.write(plainReport(report));
    if (options.json !== undefined) writeJson(options.json, report);
    if (options.markdown !== undefined) writeFileSync(options.markdown, markdownReport(report));
  });
await command.parseAsync();
