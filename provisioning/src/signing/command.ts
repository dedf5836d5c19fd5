import { createInterface } from 'node:readline/promises';
import { type OutputFormat, printOne, runCommand } from '@collimator/shared/cli/output';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { Command, Option } from 'commander';
import { type ContextOptions, withHubOptions } from '../operator/hub-context.ts';
import { readSigningKey, readTrustedRoot, type SigningHub, signRelease, type ToSign } from './sign-release.ts';

type Options = ContextOptions & {
  readonly targetsKey: readonly string[];
  readonly root?: string;
  readonly yes?: boolean;
  readonly output: OutputFormat;
};

/** Runs an action with a client of the hub that the options name; `operator/hub-context.ts` has the real one. */
export type WithHub = <T>(options: ContextOptions, action: (hub: SigningHub) => Promise<T>) => Promise<T>;

/** Codes that mean "not allowed" rather than "went wrong". */
const refusedCodes = new Set<string>([
  'operator-unauthorized',
  'signing-declined',
  'targets-changed',
  'target-mismatch',
  'metadata-key-unknown',
  'metadata-signatures-too-few',
  'metadata-signature-invalid',
]);

/** `collimator provision releases sign NAME@VERSION`: signs a registered release with the offline targets keys. */
export function releasesCommand(withHub: WithHub): Command {
  const sign = withHubOptions(
    new Command('sign')
      .description('sign a registered release, so that it can be rolled out')
      .argument('<name@version>', 'the release, as listed by: collimator hub models list'),
  )
    .requiredOption('--targets-key <file>', 'private key file of a targets key; give one for each signer', collect)
    .option('--root <file>', 'a root.json that you trust, when no key given here signed the present targets')
    .option('--yes', 'sign without asking')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table'))
    .action((release: string, options: Options) =>
      runCommand(
        async () => {
          const asked = parseRelease(release);
          const keys = await Promise.all(options.targetsKey.map(readSigningKey));
          const confirm = options.yes === true ? show : ask;
          const root = options.root === undefined ? undefined : await readTrustedRoot(options.root);
          const signed = await withHub(options, (hub) => signRelease(hub, asked, keys, confirm, root));
          printOne(signed, options.output);
        },
        (error) => refusedCodes.has(error.code),
      ),
    );
  return new Command('releases').description('sign releases').addCommand(sign);
}

const collect = (file: string, files: readonly string[] | undefined): string[] => [...(files ?? []), file];

/** @throws CodedError `config-invalid` for anything but NAME@VERSION */
function parseRelease(text: string): { name: string; version: string } {
  const [name, version, ...rest] = text.split('@');
  if (!name || !version || rest.length > 0) throw new CodedError('config-invalid', `${text} is not NAME@VERSION`);
  return { name, version };
}

function show(what: ToSign): Promise<boolean> {
  const metrics = Object.entries(what.metrics).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`);
  process.stderr.write(
    [
      `release   ${what.name} ${what.version}`,
      `sha256    ${what.sha256} (${what.bytes} bytes of release.json)`,
      `run       ${what.run}`,
      `evaluated ${metrics.join(', ') || 'no metrics'}`,
      `targets   version ${what.targetsVersion}, ${what.kept} earlier releases kept, expires ${what.expires}`,
      '',
    ].join('\n'),
  );
  return Promise.resolve(true);
}

async function ask(what: ToSign): Promise<boolean> {
  await show(what);
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question('Sign this? [y/N] ')).trim());
  } finally {
    terminal.close();
  }
}
