import { type OutputFormat, printOne, runCommand } from '@collimator/shared/cli/output';
import { Command } from 'commander';
import { outputOption } from '../authority/command.ts';
import { parseDurationS } from '../operator/duration.ts';
import { type ContextOptions, withHub, withHubOptions } from '../operator/hub-context.ts';

type TokenOptions = ContextOptions & {
  readonly serial: string;
  readonly expires: string;
  readonly output: OutputFormat;
};

/** `collimator provision token …` */
export function tokenCommand(): Command {
  const token = new Command('token').description('enrolment tokens');
  withHubOptions(
    token
      .command('create')
      .description('make a one-time token with which one appliance can enrol')
      .requiredOption('--serial <serial>', 'serial of the appliance')
      .option('--expires <duration>', 'such as 30m, 24h or 7d', '24h')
      .addOption(outputOption()),
  ).action((options: TokenOptions) =>
    runCommand(
      async () => {
        const request = { serial: options.serial, expires_s: parseDurationS(options.expires) };
        printOne(await withHub(options, (hub) => hub.createToken(request)), options.output);
      },
      (error) => error.code === 'operator-unauthorized',
    ),
  );
  return token;
}
