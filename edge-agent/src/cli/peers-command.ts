import { print, printOne, runCommand } from '@collimator/shared/cli/output';
import type { Destination } from '@collimator/shared/contracts/agent-config';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { Command, InvalidArgumentError, Option } from 'commander';
import { loadAgentConfig } from '../config/load-agent-config.ts';
import { addPeer } from './add-peer.ts';
import { echoPeer } from './echo-peer.ts';
import { configOption, formatOption, type WithConfig, type WithOutput } from './format-option.ts';
import { testSend } from './test-send.ts';

type Options = WithConfig & WithOutput;

const load = (file: string) => loadAgentConfig(file, process.env);

export const peersCommand = (): Command =>
  new Command('peers')
    .description('the destinations of the configuration')
    .addCommand(listCommand())
    .addCommand(addCommand())
    .addCommand(echoCommand())
    .addCommand(testSendCommand());

const listCommand = (): Command =>
  new Command('list')
    .description('names, AE titles and addresses')
    .addOption(configOption())
    .addOption(formatOption())
    .action((options: Options) =>
      runCommand(async () => {
        print(
          load(options.config).destinations,
          [
            { title: 'NAME', value: (d) => d.name },
            { title: 'KIND', value: (d) => d.kind },
            { title: 'AE TITLE', value: (d) => (d.kind === 'dimse' ? d.ae_title : null) },
            { title: 'ADDRESS', value: (d) => (d.kind === 'dimse' ? `${d.host}:${d.port}` : d.url) },
            { title: 'TLS', value: (d) => (isOverTls(d) ? 'yes' : 'no') },
          ],
          options.output,
        );
      }),
    );

const isOverTls = (d: Destination): boolean => (d.kind === 'dimse' ? d.tls !== undefined : d.url.startsWith('https:'));

type AddOptions = Options & {
  readonly kind: 'dimse' | 'stow';
  readonly aeTitle?: string;
  readonly host?: string;
  readonly port?: number;
  readonly url?: string;
  readonly tlsCa?: string;
  readonly tokenFile?: string;
  readonly commitment?: boolean;
};

const addCommand = (): Command =>
  new Command('add')
    .description('write a destination into the configuration file; the agent uses it after its next start')
    .argument('<name>', 'name for routes and commands')
    .addOption(new Option('--kind <kind>', 'how results are sent').choices(['dimse', 'stow']).default('dimse'))
    .option('--ae-title <title>', 'AE title to call (dimse)')
    .option('--host <host>', 'name or address (dimse)')
    .option('--port <port>', 'TCP port (dimse)', wholeNumber)
    .option('--url <url>', 'where studies are posted to (stow)')
    .option('--tls-ca <file>', 'PEM file of the authority of the destination; with it the connection is TLS')
    .option('--token-file <file>', 'file that holds a bearer token (stow)')
    .option('--commitment', 'ask for storage commitment (dimse)')
    .addOption(configOption())
    .addOption(formatOption())
    .action((name: string, options: AddOptions) =>
      runCommand(async () => {
        addPeer(options.config, destinationOf(name, options), process.env);
        const use = 'name it in a route, then restart the agent';
        printOne({ name, kind: options.kind, config: options.config, next: use }, options.output);
      }),
    );

function wholeNumber(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('write it as a number');
}

/** What was given and nothing else: the check of the configuration says what is missing or does not fit. */
function destinationOf(name: string, options: AddOptions): { readonly name: string } {
  const { kind, aeTitle, host, port, url, tlsCa, tokenFile, commitment } = options;
  return {
    ...{ name, kind },
    ...(aeTitle !== undefined && { ae_title: aeTitle }),
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(url !== undefined && { url }),
    ...(tlsCa !== undefined && { tls: { ca: tlsCa } }),
    ...(tokenFile !== undefined && { token_file: tokenFile }),
    ...(commitment === true && { commitment: {} }),
  };
}

const echoCommand = (): Command =>
  new Command('echo')
    .description('call a destination and send a C-ECHO')
    .argument('<name>', 'name of the destination; `priors`: the PACS that has the priors')
    .addOption(configOption())
    .addOption(formatOption())
    .action((name: string, options: Options) =>
      runCommand(async () => {
        const { destination, callingAeTitle } = peerToCall(name, options);
        if (destination.kind !== 'dimse') throw new CodedError('peer-echo-unsupported', name);
        print(
          [await echoPeer(destination, callingAeTitle)],
          [
            { title: 'NAME', value: (r) => r.name },
            { title: 'AE TITLE', value: (r) => r.ae_title },
            { title: 'ADDRESS', value: (r) => r.address },
            { title: 'CONNECT MS', value: (r) => r.connect_ms },
            { title: 'ROUND TRIP MS', value: (r) => r.round_trip_ms },
          ],
          options.output,
        );
      }),
    );

const testSendCommand = (): Command =>
  new Command('test-send')
    .description('send a test object (patient TEST^COLLIMATOR) to a destination, the way results are sent')
    .argument('<name>', 'name of the destination')
    .addOption(configOption())
    .addOption(formatOption())
    .action((name: string, options: Options) =>
      runCommand(async () => {
        const { destination, callingAeTitle } = peerNamed(name, options);
        print(
          [await testSend(destination, callingAeTitle)],
          [
            { title: 'NAME', value: (r) => r.name },
            { title: 'KIND', value: (r) => r.kind },
            { title: 'STATUS', value: (r) => r.status },
            { title: 'COMMENT', value: (r) => r.comment },
          ],
          options.output,
        );
      }),
    );

/** A destination, or the PACS that has the priors. */
function peerToCall(name: string, options: WithConfig) {
  const { priors, destinations, dicom } = load(options.config);
  if (name !== PRIORS || priors === undefined || destinations.some((d) => d.name === PRIORS))
    return peerNamed(name, options);
  const destination = { name, kind: 'dimse' as const, ...priors.source, timeouts: priors.timeouts };
  return { destination, callingAeTitle: dicom.ae_title };
}

const PRIORS = 'priors';

function peerNamed(name: string, { config: file }: WithConfig) {
  const config = load(file);
  const destination = config.destinations.find((d) => d.name === name);
  if (destination === undefined) throw new CodedError('peer-unknown', name);
  return { destination, callingAeTitle: config.dicom.ae_title };
}
