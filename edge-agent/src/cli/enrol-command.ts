import { readFileSync } from 'node:fs';
import { exitCodes, printOne, runCommand } from '@collimator/shared/cli/output';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { Command, InvalidArgumentError } from 'commander';
import { loadAgentConfig } from '../config/load-agent-config.ts';
import { identityFolder } from '../link/identity.ts';
import { configOption, formatOption, type WithConfig, type WithOutput } from './format-option.ts';
import { refusedByPolicy } from './refused.ts';

type Options = WithConfig &
  WithOutput & {
    readonly hub?: string;
    readonly token?: string;
    readonly tokenFile?: string;
    readonly ca?: string;
    readonly replace?: boolean;
  };

/** `collimator agent enrol`: the only command that gives this appliance an identity. */
export const enrolCommand = (): Command =>
  new Command('enrol')
    .description('make a key on this machine and get a certificate from the hub for a one-time token')
    .option('--hub <url>', 'https address of the hub; hub.url of the configuration when not given', httpsUrl)
    .option('--token <token>', 'the one-time token; others on this machine can see it, so prefer --token-file')
    .option('--token-file <file>', 'file that holds the one-time token')
    .option('--ca <file>', "PEM file of the hub's root certificate; hub.extra_ca when not given")
    .option('--replace', 'enrol anew although there is an identity')
    .addOption(configOption())
    .addOption(formatOption())
    .action((options: Options, command: Command) => {
      if ((options.token === undefined) === (options.tokenFile === undefined)) {
        return command.error('error: give one of --token and --token-file', { exitCode: exitCodes.usage });
      }
      return runCommand(() => enrolThisAppliance(options), refusedByPolicy);
    });

/** The token is a secret: it is never sent but over TLS. */
function httpsUrl(text: string): string {
  if (URL.canParse(text) && new URL(text).protocol === 'https:') return text;
  throw new InvalidArgumentError('write it as https://HOST:PORT');
}

async function enrolThisAppliance(options: Options): Promise<void> {
  const config = loadAgentConfig(options.config, process.env);
  const ca = options.ca ?? config.hub.extra_ca ?? undefined;
  if (ca === undefined)
    throw new CodedError('config-invalid', `${options.config}: hub.extra_ca is missing; give it or --ca`);
  // Loaded here, because the other commands need nothing of certificates.
  const { enrol } = await import('@collimator/provisioning/enrol/enrol');
  const enrolled = await enrol({
    hubUrl: options.hub ?? config.hub.url,
    ca,
    token: options.token ?? readToken(options.tokenFile ?? ''),
    serial: config.device.serial,
    outDir: identityFolder(config.data),
    ...(options.replace === true && { replace: true }),
  });
  printOne(
    { device: enrolled.device, broker: enrolled.brokerUrl, certificate_expires_at: enrolled.expiresAt },
    options.output,
  );
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new CodedError('config-unreadable', `${file} (${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
}
