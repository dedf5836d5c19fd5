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
import { fullSize, type Part, parts, quickSize, runInferBench } from './bench.ts';
import { markdownReport, plainReport } from './present.ts';

type Options = CommonOptions & {
  readonly dir: string;
  readonly repetitions?: number;
  readonly only?: readonly Part[];
};

const command = benchCommand(
  'bench:infer',
  'the inference engine, beside bare loops of ONNX Runtime',
  'fewer images, one repetition',
)
  .option('--dir <folder>', 'work below this folder, on a real disk', defaultDir)
  .option('--repetitions <n>', 'how often each is measured', positive)
  .option('--only <list>', `some of: ${parts.join(', ')}`, listOf(oneOf('part', parts)))
  .action(async (options: Options) => {
    const size = options.quick ? quickSize : fullSize;
    const report = await runInferBench({
      dir: options.dir,
      size: { ...size, ...(options.repetitions !== undefined && { repetitions: options.repetitions }) },
      ...(options.only !== undefined && { only: options.only }),
      progress: tellProgress,
    });
    writeReport(report, options, { plain: plainReport, markdown: markdownReport });
  });
await command.parseAsync();
