import { print, printOne, runCommand } from '@collimator/shared/cli/output';
import {
  decided,
  type QuarantinedObject,
  quarantinedObject,
  quarantineListing,
} from '@collimator/shared/contracts/quarantine-api';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { Command } from 'commander';
import { loadAgentConfig } from '../config/load-agent-config.ts';
import { askAgent } from './api-client.ts';
import { configOption, formatOption, type WithConfig, type WithOutput } from './format-option.ts';
import { refusedByPolicy } from './refused.ts';
import { tellAgent } from './tell-agent.ts';

const apiOf = (file: string) => loadAgentConfig(file, process.env).local_api;

/** Objects asked for at once. */
const LIST_MAX = 10_000;

/** `collimator agent quarantine …` */
export const quarantineCommand = (): Command =>
  new Command('quarantine')
    .description('objects that were set aside, and what becomes of them')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(
      decideCommand(
        'release',
        'take objects in: a conflicting copy replaces the stored one, what could not be read is tried again',
      ),
    )
    .addCommand(decideCommand('discard', 'delete objects: of a conflict the first one stays'));

const listCommand = (): Command =>
  new Command('list')
    .description('what was set aside, and which studies it holds')
    .addOption(configOption())
    .addOption(formatOption())
    .option('--limit <n>', `at most so many, 1 to ${LIST_MAX}`, '100')
    .action((options: WithConfig & WithOutput & { readonly limit: string }) =>
      runCommand(async () => {
        const path = `/v1/quarantine?limit=${encodeURIComponent(options.limit)}`;
        const { objects } = await askAgent(apiOf(options.config), path, quarantineListing);
        print(
          objects,
          [
            { title: 'ENTRY', value: (o) => o.entry },
            { title: 'WAITS', value: (o) => (o.waits_for_decision ? 'for a decision' : null) },
            { title: 'STUDIES HELD', value: (o) => o.studies.join(', ') || null },
            { title: 'CODE', value: (o) => o.code },
            { title: 'FROM', value: (o) => o.calling_ae_title },
            { title: 'BYTES', value: (o) => o.bytes },
            { title: 'KEPT AT', value: (o) => o.kept_at },
            { title: 'WHY', value: (o) => o.why },
          ],
          options.output,
        );
      }),
    );

const showCommand = (): Command =>
  new Command('show')
    .description('one object that was set aside')
    .argument('<entry>', 'its number, as `quarantine list` shows it')
    .addOption(configOption())
    .addOption(formatOption())
    .action((entry: string, options: WithConfig & WithOutput) =>
      runCommand(async () => {
        const path = `/v1/quarantine/${numberOf(entry)}`;
        const absent = () => new CodedError('quarantine-entry-unknown', entry);
        printOne(await askAgent(apiOf(options.config), path, quarantinedObject, { absent }), options.output);
      }, refusedByPolicy),
    );

type DecideOptions = WithConfig & WithOutput & { readonly study?: string };

const decideCommand = (act: 'release' | 'discard', description: string): Command =>
  new Command(act)
    .description(description)
    .argument('[entries...]', 'their numbers')
    .option('--study <key>', 'all that hold this study, instead of numbers')
    .addOption(configOption())
    .addOption(formatOption())
    .action((entries: readonly string[], options: DecideOptions) =>
      runCommand(async () => {
        const api = apiOf(options.config);
        const wanted = options.study === undefined ? entries.map(numberOf) : await holding(api, options.study);
        if (wanted.length === 0) throw new CodedError('quarantine-entry-unknown', options.study ?? 'none was named');
        const done = [];
        for (const entry of wanted) done.push(await tellAgent(api, `/v1/quarantine/${entry}/${act}`, {}, decided));
        print(
          done,
          [
            { title: 'ENTRY', value: (one) => one.entry },
            { title: 'DECISION', value: (one) => one.decision },
          ],
          options.output,
        );
      }, refusedByPolicy),
    );

async function holding(api: ReturnType<typeof apiOf>, study: string): Promise<number[]> {
  const { objects } = await askAgent(api, `/v1/quarantine?limit=${LIST_MAX}`, quarantineListing);
  return objects.filter((one: QuarantinedObject) => one.studies.includes(study)).map(({ entry }) => entry);
}

function numberOf(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new CodedError('quarantine-entry-unknown', text);
  return Number(text);
}
