import {
  benchCommand,
  type CommonOptions,
  defaultDir,
  listOf,
  oneOf,
  positive,
  tellProgress,
  writeReport,
} from '../bench-command.ts';
import { fullSize, quickSize, runDicomBench } from './bench.ts';
import { markdownReport, plainReport } from './present.ts';
import { type ServerName, serverNames } from './servers.ts';

type Options = CommonOptions & {
  readonly dir: string;
  readonly repetitions?: number;
  readonly associations?: readonly number[];
  readonly servers?: readonly ServerName[];
};

const command = benchCommand('bench:dicom', 'receiving, beside storescp and Orthanc', 'fewer images, one repetition')
  .option('--dir <folder>', 'work below this folder, on a real disk', defaultDir)
  .option('--repetitions <n>', 'how often each is measured', positive)
  .option('--associations <list>', 'numbers of associations, with commas', listOf(positive))
  .option('--servers <list>', `some of: ${serverNames.join(', ')}`, listOf(oneOf('server', serverNames)))
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
      progress: tellProgress,
    });
    writeReport(report, options, { plain: plainReport, markdown: markdownReport });
  });
await command.parseAsync();
