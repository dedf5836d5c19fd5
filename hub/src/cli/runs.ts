import { dirname, resolve } from 'node:path';
import type { HubClient } from '@collimator/provisioning/operator/hub-client';
import { type Column, exitCodes, type OutputFormat, print, printOne } from '@collimator/shared/cli/output';
import { createProgress } from '@collimator/shared/cli/progress';
import { parseYamlFile } from '@collimator/shared/config/load-config';
import type { RunSummary } from '@collimator/shared/contracts/http-api';
import { releaseDeclaration } from '@collimator/shared/contracts/release';
import { runSpec } from '@collimator/shared/contracts/run-spec';
import { Command } from 'commander';
import { type CommonOptions, hubOptions, onHub } from './options.ts';

const release = (run: RunSummary) => run.release && `${run.release.name}@${run.release.version}`;

const columns: readonly Column<RunSummary>[] = [
  { title: 'RUN', value: (r) => r.id },
  { title: 'EXPERIMENT', value: (r) => r.experiment },
  { title: 'STATE', value: (r) => r.state },
  { title: 'STEP', value: (r) => `${r.step}/${r.steps_max}` },
  { title: 'LOSS', value: (r) => r.loss?.toFixed(4) },
  { title: 'VAL DICE', value: (r) => r.val_dice?.toFixed(4) },
  { title: 'DICE', value: (r) => r.dice?.toFixed(4) },
  { title: 'CPU S', value: (r) => r.cpu_s?.toFixed(1) },
  { title: 'RELEASE', value: release },
];

type StartOptions = CommonOptions & { readonly spec: string; readonly follow?: boolean };

/** `collimator hub runs …` */
export function runsCommand(): Command {
  const runs = new Command('runs').description('training runs');
  hubOptions(
    runs
      .command('start')
      .description('queue a training run')
      .requiredOption('--spec <file>', 'run.yaml; the release it names is relative to it')
      .option('--follow', 'wait for its end and show its progress; exit code 1 when it failed'),
  ).action((options: StartOptions) => onHub(options, (hub) => start(hub, options)));
  hubOptions(runs.command('list').description('all runs, newest first')).action((options: CommonOptions) =>
    onHub(options, async (hub) => print(await hub.listRuns(), columns, options.output)),
  );
  hubOptions(runs.command('show').description('one run').argument('<id>')).action(
    (id: string, options: CommonOptions) => onHub(options, async (hub) => show(await hub.showRun(id), options.output)),
  );
  return runs;
}

async function start(hub: HubClient, options: StartOptions): Promise<void> {
  const spec = runSpec.parse(parseYamlFile(options.spec), options.spec);
  const declared = resolve(dirname(options.spec), spec.release);
  const declaration = releaseDeclaration.parse(parseYamlFile(declared), declared);
  let run = await hub.startRun({ spec, release: declaration });
  if (options.follow === true) {
    const progress = createProgress({ label: run.id });
    for await (run of hub.followRun(run.id)) progress.update(run.step / run.steps_max, live(run));
    // The stream ends with the run, or with the connection: what counts is what the hub says now.
    run = await hub.showRun(run.id);
    progress.finish(live(run));
    if (run.state !== 'succeeded') process.exitCode = exitCodes.failed;
  }
  show(run, options.output);
}

const show = (run: RunSummary, format: OutputFormat): void =>
  printOne(format === 'json' ? run : { ...run, release: release(run) }, format);

const live = (run: RunSummary): string =>
  [
    run.state,
    run.backend,
    `step ${run.step}`,
    run.loss === null ? undefined : `loss ${run.loss.toFixed(4)}`,
    run.val_dice === null ? undefined : `val Dice ${run.val_dice.toFixed(4)}`,
    release(run),
    run.error,
  ]
    .filter((part) => part !== undefined && part !== null)
    .join('  ');
