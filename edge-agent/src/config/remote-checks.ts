import type { AgentConfig, RemoteServer } from '@collimator/shared/contracts/agent-config';
import type { Problem } from '@collimator/shared/contracts/validate';
import { TIMER_S_MAX } from './timer-bound.ts';

type Sections = Partial<Pick<AgentConfig, 'devices' | 'routes'>>;
type Placed = { readonly path: string; readonly server: RemoteServer };

/** Protocols whose metadata has no place for a release digest. */
const neverAttested: ReadonlySet<RemoteServer['protocol']> = new Set(['tf-serving', 'torchserve']);

const remotes = (devices: AgentConfig['devices'] | undefined): readonly Placed[] =>
  devices === undefined || devices === 'auto'
    ? []
    : devices.flatMap((device, i) =>
        'remote' in device ? [{ path: `devices[${i}].remote`, server: device.remote }] : [],
      );

/** What the schema of model servers cannot say. */
export const remoteProblems = (config: Sections): Problem[] => [
  ...remotes(config.devices).flatMap(({ path, server }) =>
    [...address(server), ...times(server)].map((problem) => ({ ...problem, path: `${path}.${problem.path}` })),
  ),
  ...nowhere(config),
];

/** Files that must open, with the keys that name them; '' where one of a pair is missing. */
export const remoteFiles = ({ devices }: Sections): readonly (readonly [string, string | undefined])[] =>
  remotes(devices).flatMap(({ path, server: { tls } }) => {
    const pair = [tls?.certificate, tls?.key];
    const missing = (tls?.certificate === undefined) !== (tls?.key === undefined);
    const [certificate, key] = missing ? pair.map((file) => file ?? '') : pair;
    return [
      [`${path}.tls.ca`, tls?.ca],
      [`${path}.tls.certificate`, certificate],
      [`${path}.tls.key`, key],
    ] as const;
  });

/** Files with a secret, which nobody else may read. */
export const remoteSecrets = ({ devices }: Sections): readonly (readonly [string, string])[] =>
  remotes(devices).flatMap(({ path, server: { token_file: file } }) =>
    file === undefined ? [] : [[`${path}.token_file`, file] as const],
  );

/** Images go over TLS, to an authority that is named, or do not leave this machine. */
function address({ url: text, tls, insecure_loopback: loopback }: RemoteServer): Problem[] {
  if (!URL.canParse(text)) return [{ path: 'url', what: 'is no URL' }];
  const url = new URL(text);
  const problems: Problem[] = [];
  if (url.username !== '' || url.password !== '')
    problems.push({ path: 'url', what: 'holds credentials; give them by file' });
  if (url.protocol === 'https:')
    return tls === undefined
      ? [...problems, { path: 'tls', what: 'is missing; tls.ca names the authority of the server' }]
      : problems;
  if (tls !== undefined) problems.push({ path: 'tls', what: 'needs an https url' });
  if (!isThisMachine(url.hostname)) problems.push({ path: 'url', what: 'must be https: it is another machine' });
  else if (!loopback)
    problems.push({ path: 'url', what: 'is not https; with insecure_loopback: true that is allowed on this machine' });
  return problems;
}

const isThisMachine = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);

function times({ timeouts, retry, attest_every_s: attestEvery_s }: RemoteServer): Problem[] {
  const all: readonly (readonly [string, number])[] = [
    ['timeouts.connect_s', timeouts.connect_s],
    ['timeouts.response_s', timeouts.response_s],
    ['retry.most_s', retry.most_s],
    ['attest_every_s', attestEvery_s],
  ];
  const tooLong = all.flatMap(([path, seconds]) =>
    seconds > TIMER_S_MAX ? [{ path, what: `is more than ${TIMER_S_MAX} s` }] : [],
  );
  return retry.first_s <= retry.most_s
    ? tooLong
    : [...tooLong, { path: 'retry.first_s', what: 'is more than retry.most_s' }];
}

/** Routes whose model no device would ever run: there are model servers only, and they do not have it or may not. */
function nowhere({ devices, routes = [] }: Sections): Problem[] {
  const servers = remotes(devices);
  if (devices === undefined || devices === 'auto' || servers.length < devices.length) return [];
  return routes.flatMap(({ release, unattested }, i): Problem[] => {
    const having = servers.filter(({ server }) => server.models[release] !== undefined);
    if (having.length === 0)
      return [{ path: `routes[${i}].release`, what: `${release} is in the models of no device` }];
    if (unattested === 'allow' || having.some(({ server }) => !neverAttested.has(server.protocol))) return [];
    const protocols = [...new Set(having.map(({ server }) => server.protocol))].join(', ');
    return [{ path: `routes[${i}].unattested`, what: `must be allow: ${protocols} can attest no model` }];
  });
}
