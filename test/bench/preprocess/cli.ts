import { benchCommand, type CommonOptions, tellProgress, writeReport } from '../bench-command.ts';
import { machineLine, markdownGoals, markdownTable, plainGoals, plainTable } from '../report.ts';
import { fullSize, head, linesOf, quickSize, runPreprocessBench } from './bench.ts';

type PreprocessReport = ReturnType<typeof runPreprocessBench>;

const about = ({ commit, machine }: PreprocessReport): string => `${commit}, ${machineLine(machine)}`;
const plain = (report: PreprocessReport): string =>
  `${about(report)}\n\n${plainTable(head, linesOf(report.runs))}\n\n${plainGoals(report.goals)}\n`;
const markdown = (report: PreprocessReport): string =>
  `### bench:preprocess\n${about(report)}\n\n${markdownGoals(report.goals)}\n\n${markdownTable(head, linesOf(report.runs))}\n`;

const command = benchCommand(
  'bench:preprocess',
  'preprocessing of slices: CPU time of a slice, fused and op by op',
  'fewer slices and repetitions',
).action((options: CommonOptions) => {
  const report = runPreprocessBench(options.quick ? quickSize : fullSize, tellProgress);
  writeReport(report, options, { plain, markdown });
});
await command.parseAsync();
