import { type OutputFormat, print, runCommand } from '@collimator/shared/cli/output';
import { Command, Option } from 'commander';
import { keyCeremonyDefaults, makeKeys, type WrittenKey } from './make-keys.ts';

type Options = {
  readonly out: string;
  readonly rootKeys: number;
  readonly rootThreshold: number;
  readonly targetsKeys: number;
  readonly targetsThreshold: number;
  readonly rootExpiresDays: number;
  readonly targetsExpiresDays: number;
  readonly output: OutputFormat;
};

/** `collimator provision keys`: the key ceremony of a new trust repository. */
export function keysCommand(now: () => Date = () => new Date()): Command {
  const defaults = keyCeremonyDefaults;
  return new Command('keys')
    .description('make the keys of a new trust repository and sign its first root and targets')
    .requiredOption('--out <dir>', 'an empty or new folder; offline/ belongs on separate media, online/ on the hub')
    .option('--root-keys <n>', 'root keys to make', Number, defaults.rootKeys)
    .option('--root-threshold <n>', 'root keys that must sign', Number, defaults.rootThreshold)
    .option('--targets-keys <n>', 'targets keys to make', Number, defaults.targetsKeys)
    .option('--targets-threshold <n>', 'targets keys that must sign a release', Number, defaults.targetsThreshold)
    .option('--root-expires-days <n>', 'days until the root must be renewed', Number, defaults.rootExpiresDays)
    .option('--targets-expires-days <n>', 'days until the targets expire', Number, defaults.targetsExpiresDays)
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table'))
    .action((options: Options) =>
      runCommand(async () => {
        const written = await makeKeys(options.out, options, now());
        print<WrittenKey>(written, columns, options.output);
      }),
    );
}

const columns = [
  { title: 'ROLE', value: (key: WrittenKey) => key.role },
  { title: 'KEY ID', value: (key: WrittenKey) => key.keyid.slice(0, 16) },
  { title: 'FILE', value: (key: WrittenKey) => key.file },
];
