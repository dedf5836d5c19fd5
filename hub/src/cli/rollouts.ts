import { type Column, type OutputFormat, print, printOne } from '@collimator/shared/cli/output';
import type { RolloutSummary } from '@collimator/shared/contracts/http-api';
import { Command, InvalidArgumentError } from 'commander';
import { type CommonOptions, hubOptions, onHub } from './options.ts';

const progress = (rollout: RolloutSummary): string => {
  const phases = rollout.devices.map((device) => device.phase);
  return [...new Set(phases)].map((phase) => `${phases.filter((p) => p === phase).length} ${phase}`).join(', ');
};

const columns: readonly Column<RolloutSummary>[] = [
  { title: 'ID', value: (r) => r.id },
  { title: 'RELEASE', value: (r) => `${r.release.name}@${r.release.version}` },
  { title: 'DEVICES', value: (r) => r.devices.length },
  { title: 'PROGRESS', value: progress },
  { title: 'CREATED', value: (r) => r.created },
];

type DeviceOfRollout = RolloutSummary['devices'][number];

const deviceColumns: readonly Column<DeviceOfRollout>[] = [
  { title: 'DEVICE', value: (d) => d.id },
  { title: 'PHASE', value: (d) => d.phase },
  { title: 'CODE', value: (d) => d.code },
  { title: 'DETAIL', value: (d) => d.detail },
];

/** For people the devices line by line, below what is true of all of them. */
function show(rollout: RolloutSummary, format: OutputFormat): void {
  if (format === 'json') return printOne(rollout, format);
  const { id, release, created, devices } = rollout;
  printOne({ id, release: `${release.name}@${release.version}`, sha256: release.sha256, created }, format);
  process.stdout.write('\n');
  print(devices, deviceColumns, format);
}

type CreateOptions = CommonOptions & {
  readonly release: { readonly release: string; readonly version: string };
  readonly devices: readonly string[];
};

/** `collimator hub rollouts …` */
export function rolloutsCommand(): Command {
  const rollouts = new Command('rollouts').description('which devices are to run which release');
  hubOptions(
    rollouts
      .command('create')
      .description('assign a signed release to devices')
      .requiredOption('--release <name@version>', 'the release', nameAndVersion)
      .requiredOption('--devices <ids>', 'device ids, separated by commas', list),
  ).action((options: CreateOptions) =>
    onHub(options, async (hub) => {
      const created = await hub.createRollout({ ...options.release, devices: [...options.devices] });
      show(created, options.output);
    }),
  );
  hubOptions(rollouts.command('list').description('all roll-outs')).action((options: CommonOptions) =>
    onHub(options, async (hub) => print(await hub.listRollouts(), columns, options.output)),
  );
  hubOptions(rollouts.command('show').description('one roll-out').argument('<id>', '', wholeNumber)).action(
    (id: number, options: CommonOptions) =>
      onHub(options, async (hub) => show(await hub.showRollout(id), options.output)),
  );
  return rollouts;
}

function nameAndVersion(text: string): CreateOptions['release'] {
  const [release, version, ...rest] = text.split('@');
  if (!release || !version || rest.length > 0) throw new InvalidArgumentError('write it as name@version');
  return { release, version };
}

const list = (text: string): readonly string[] => text.split(',').map((id) => id.trim());

function wholeNumber(text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw new InvalidArgumentError('a whole number');
  return Number(text);
}
