import { type Column, print } from '@collimator/shared/cli/output';
import type { ModelSummary } from '@collimator/shared/contracts/http-api';
import { Command } from 'commander';
import { type CommonOptions, hubOptions, onHub } from './options.ts';

const columns: readonly Column<ModelSummary>[] = [
  { title: 'RELEASE', value: (m) => `${m.name}@${m.version}` },
  { title: 'STATE', value: (m) => m.state },
  { title: 'SHA256', value: (m) => m.sha256.slice(0, 12) },
  { title: 'BYTES', value: (m) => m.bytes },
  { title: 'DICE', value: (m) => m.metrics['dice']?.toFixed(4) },
  { title: 'RUN', value: (m) => m.run },
  { title: 'CREATED', value: (m) => m.created },
];

/** `collimator hub models …` */
export function modelsCommand(): Command {
  const models = new Command('models').description('the registered releases');
  hubOptions(models.command('list').description('all releases')).action((options: CommonOptions) =>
    onHub(options, async (hub) => print(await hub.listModels(), columns, options.output)),
  );
  return models;
}
