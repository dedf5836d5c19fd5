import { writeFileSync } from 'node:fs';
import { benchCommand, type CommonOptions, oneOf, positive, tellProgress, writeReport } from '../bench-command.ts';
import { fullSize, quickSize, runSchedulerBench } from './bench.ts';
import { plotOf } from './plot.ts';
import { markdownReport, plainReport } from './present.ts';
import { type WorkloadName, workloadNames } from './workload.ts';

type Options = CommonOptions & {
  readonly svg?: string;
  readonly seeds?: number;
  readonly workload?: WorkloadName;
};

const command = benchCommand(
  'bench:scheduler',
  "the agent's scheduler, simulated over unequal devices beside other ways to share out work",
  'fewer seeds, shorter, no load of 0.85',
)
  .option('--svg <file>', 'write the plot')
  .option('--seeds <n>', 'how many seeds', positive)
  .option('--workload <name>', `only this one of ${workloadNames.join(', ')}`, oneOf('workload', workloadNames))
  .action((options: Options) => {
    const size = options.quick ? quickSize : fullSize;
    const report = runSchedulerBench({
      size: { ...size, ...(options.seeds !== undefined && { seeds: options.seeds }) },
      ...(options.workload !== undefined && { workloads: [options.workload] }),
      progress: tellProgress,
    });
    writeReport(report, options, { plain: plainReport, markdown: markdownReport });
    if (options.svg !== undefined) writeFileSync(options.svg, plotOf(report.runs));
  });
await command.parseAsync();
