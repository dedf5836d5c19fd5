import { type OutputFormat, print, runCommand } from '@collimator/shared/cli/output';
import { Command, InvalidArgumentError, Option } from 'commander';

const serverDaysDefault = 397;
const serverDaysMax = 825;

/** `collimator provision authority …` */
export function authorityCommand(): Command {
  const authority = new Command('authority').description('the certificate authority of an installation');
  authority
    .command('create')
    .description('make root and issuing authority, the server certificate of the hub and an operator token')
    .requiredOption('--out <dir>', 'folder for the files; keys get mode 0600')
    .option('--hub-host <name...>', 'DNS names or IP addresses of the hub, besides localhost', [])
    .option('--days <n>', 'validity of the server certificate in days', days, serverDaysDefault)
    .addOption(outputOption())
    .action((options: { out: string; hubHost: string[]; days: number; output: OutputFormat }) =>
      runCommand(async () => {
        const { out, hubHost, days, output } = options;
        // Loaded here, because the other commands need nothing of certificates.
        const { createAuthority } = await import('./create-authority.ts');
        const files = await createAuthority({ folder: out, hubHosts: hubHost, days, now: new Date() });
        print(
          files.map((file) => ({ file })),
          [{ title: 'FILE', value: (row) => row.file }],
          output,
        );
      }),
    );
  return authority;
}

export const outputOption = (): Option =>
  new Option('-o, --output <format>', 'output format').choices(['table', 'json']).default('table');

function days(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= serverDaysMax) return value;
  throw new InvalidArgumentError(`a whole number of days, at most ${serverDaysMax}`);
}
