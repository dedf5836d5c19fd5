import { print, printOne, runCommand } from '@collimator/shared/cli/output';
import { PriorityName } from '@collimator/shared/contracts/common';
import {
  prioritized,
  retried,
  studyList,
  studyRouting,
  studySummary,
  type StudySummary,
} from '@collimator/shared/contracts/local-api';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { Command, Option } from 'commander';
import { loadAgentConfig } from '../config/load-agent-config.ts';
import { askAgent } from './api-client.ts';
import { exportStudy } from './export-study.ts';
import { configOption, formatOption, type WithConfig, type WithOutput } from './format-option.ts';

const apiOf = (file: string) => loadAgentConfig(file, process.env).local_api;

const routeText = ({ route, selected, not_selected, reasons }: StudySummary['routes'][number]): string =>
  `${route} ${selected}/${selected + not_selected}${reasons.length > 0 ? ` (${reasons.join(' ')})` : ''}`;

/** Many copies may conflict at once: their kinds and numbers say enough in a list. */
function heldBy({ holds }: StudySummary): string | null {
  const counts = new Map<string, number>();
  for (const { kind } of holds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${kind} ×${count}`).join(', ') || null;
}

export const studiesCommand = (): Command =>
  new Command('studies')
    .description('studies that arrived')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(whyCommand())
    .addCommand(exportCommand())
    .addCommand(retryCommand())
    .addCommand(prioritizeCommand());

const listCommand = (): Command =>
  new Command('list')
    .description('the newest studies, what routes took of them, their jobs and deliveries')
    .addOption(configOption())
    .addOption(formatOption())
    .option('--limit <n>', 'at most so many, 1 to 1000', '100')
    .action((options: WithConfig & WithOutput & { readonly limit: string }) =>
      runCommand(async () => {
        const path = `/v1/studies?limit=${encodeURIComponent(options.limit)}`;
        const { studies } = await askAgent(apiOf(options.config), path, studyList);
        print(
          studies,
          [
            { title: 'STUDY', value: (s) => s.key },
            { title: 'REVISION', value: (s) => s.revision },
            { title: 'STATE', value: (s) => s.state },
            { title: 'INSTANCES', value: (s) => s.instances },
            { title: 'LEFT OUT', value: (s) => (s.late_ignored > 0 ? `${s.late_ignored} late` : null) },
            { title: 'HELD BY', value: heldBy },
            { title: 'ROUTES', value: (s) => s.routes.map(routeText).join(', ') || null },
            { title: 'JOBS', value: (s) => s.jobs.map((j) => `${j.release} ${j.state}`).join(', ') || null },
            {
              title: 'DELIVERIES',
              value: (s) => s.deliveries.map((d) => `${d.object}→${d.destination} ${d.state}`).join(', ') || null,
            },
            { title: 'LAST INSTANCE', value: (s) => s.last_instance_at },
          ],
          options.output,
        );
      }),
    );

const keyOf = (key: string): string => {
  if (!/^[1-9]\d{0,14}$/.test(key)) throw new CodedError('study-unknown', key);
  return key;
};

const showCommand = (): Command =>
  new Command('show')
    .description('one study: what holds it, its jobs and its deliveries')
    .argument('<key>', 'key of the study, as `studies list` shows it')
    .addOption(configOption())
    .addOption(formatOption())
    .action((key: string, options: WithConfig & WithOutput) =>
      runCommand(async () => {
        const absent = () => new CodedError('study-unknown', key);
        const study = await askAgent(apiOf(options.config), `/v1/studies/${keyOf(key)}`, studySummary, { absent });
        printOne(study, options.output);
      }),
    );

const exportCommand = (): Command =>
  new Command('export')
    .description('copy the images and results of a study out of the data folder; what comes out names the patient')
    .argument('<key>', 'key of the study, as `studies list` shows it')
    .requiredOption('--to <folder>', 'where to make the folder study-<key>; nothing is ever overwritten')
    .addOption(configOption())
    .addOption(formatOption())
    .action((key: string, options: WithConfig & WithOutput & { readonly to: string }) =>
      runCommand(async () => {
        const { data } = loadAgentConfig(options.config, process.env);
        printOne(await exportStudy(data, keyOf(key), options.to), options.output);
      }),
    );

const retryCommand = (): Command =>
  new Command('retry')
    .description('take up again what has failed for good in a study: jobs, deliveries, storage commitments')
    .argument('<key>', 'key of the study, as `studies list` shows it')
    .addOption(configOption())
    .addOption(formatOption())
    .action((key: string, options: WithConfig & WithOutput) =>
      runCommand(async () => {
        const done = await askAgent(apiOf(options.config), `/v1/studies/${keyOf(key)}/retry`, retried, {
          absent: () => new CodedError('study-unknown', key),
          change: {},
        });
        printOne(done, options.output);
      }),
    );

const prioritizeCommand = (): Command =>
  new Command('prioritize')
    .description('give the queued jobs of a study another priority, at once; what runs already is left alone')
    .argument('<key>', 'key of the study, as `studies list` shows it')
    .addOption(new Option('--priority <class>', 'what it is to be').choices(PriorityName.enum).makeOptionMandatory())
    .addOption(configOption())
    .addOption(formatOption())
    .action((key: string, options: WithConfig & WithOutput & { readonly priority: string }) =>
      runCommand(async () => {
        const done = await askAgent(apiOf(options.config), `/v1/studies/${keyOf(key)}/prioritize`, prioritized, {
          absent: () => new CodedError('study-unknown', key),
          change: { priority: options.priority },
        });
        printOne(done, options.output);
      }),
    );

const whyCommand = (): Command =>
  new Command('why')
    .description('why each route took each series of a study or left it')
    .argument('<key>', 'key of the study, as `studies list` shows it')
    .addOption(configOption())
    .addOption(formatOption())
    .action((key: string, options: WithConfig & WithOutput) =>
      runCommand(async () => {
        const routing = await askAgent(apiOf(options.config), `/v1/studies/${keyOf(key)}/routing`, studyRouting, {
          absent: () => new CodedError('study-unknown', key),
        });
        const lines = routing.revisions.flatMap(({ number, decisions, waiting_for }) => [
          ...decisions.map((decision) => ({ number, ...decision })),
          ...waiting_for.map((release) => ({
            ...{ number, route: null, release, series: null, selected: false },
            reasons: ['release-not-active'],
          })),
        ]);
        print(
          lines,
          [
            { title: 'REVISION', value: (d) => d.number },
            { title: 'ROUTE', value: (d) => d.route },
            { title: 'RELEASE', value: (d) => d.release },
            { title: 'SERIES', value: (d) => d.series },
            { title: 'TAKEN', value: (d) => (d.selected ? 'yes' : 'no') },
            { title: 'REASONS', value: (d) => d.reasons.join(' ') || null },
          ],
          options.output,
        );
      }),
    );
