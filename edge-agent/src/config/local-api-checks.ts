import { BlockList, isIP } from 'node:net';
import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import type { Problem } from '@collimator/shared/contracts/validate';
import { canonicalBlock, parseCidr } from '../dimse/index.ts';

type LocalApi = AgentConfig['local_api'];

/** What the schema cannot say of the local API. */
export const localApiChecks = (api: LocalApi): Problem[] => [
  ...exposure(api),
  ...(api.stow.enabled ? [...stowSources(api), ...stowLimits(api)] : []),
];

/** Files that must open, with the keys that name them. */
export const localApiFiles = ({ tls }: LocalApi): (readonly [string, string | undefined])[] => [
  ['local_api.tls.certificate', tls?.certificate],
  ['local_api.tls.key', tls?.key],
  ['local_api.tls.client_ca', tls?.client_ca],
];

/** Files with a secret, which nobody else may read. */
export const localApiSecrets = ({ stow }: LocalApi): (readonly [string, string])[] =>
  stow.enabled
    ? stow.sources.flatMap(({ token_file: file }, i) =>
        file === undefined ? [] : [[`local_api.stow.sources[${i}].token_file`, file] as const],
      )
    : [];

function exposure({ host, tls }: LocalApi): Problem[] {
  if (tls !== undefined || isLoopback(host)) return [];
  return [{ path: 'local_api.tls', what: `is missing; ${host} can be reached from other machines` }];
}

/** Whether nobody but this machine can call there. */
function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  const version = isIP(host);
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  return version !== 0 && loopback.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

function stowSources({ tls, stow: { sources, limits } }: LocalApi): Problem[] {
  if (sources.length === 0) return [{ path: 'local_api.stow.sources', what: 'is empty; nobody could post anything' }];
  const keys = sources.map(({ name, address }) => `${name}\n${canonicalBlock(address) ?? address}`);
  return sources.flatMap((source, i): Problem[] => {
    const path = `local_api.stow.sources[${i}]`;
    const problems: Problem[] = [];
    const cidr = parseCidr(source.address);
    if (!cidr.ok) problems.push({ path: `${path}.address`, what: cidr.error });
    const first = keys.indexOf(keys[i] ?? '');
    if (first < i) problems.push({ path, what: `has the name and the addresses of local_api.stow.sources[${first}]` });
    if (source.token_file === undefined && source.certificate_name === undefined)
      problems.push({ path, what: 'needs token_file or certificate_name; an address proves nothing' });
    if (source.certificate_name !== undefined && tls?.client_ca === undefined)
      problems.push({ path: `${path}.certificate_name`, what: 'needs local_api.tls.client_ca' });
    if ((source.requests ?? 0) > limits.requests)
      problems.push({ path: `${path}.requests`, what: 'is more than local_api.stow.limits.requests' });
    return problems;
  });
}

const stowLimits = ({ stow: { limits } }: LocalApi): Problem[] =>
  limits.per_source > limits.requests
    ? [{ path: 'local_api.stow.limits.per_source', what: 'is more than local_api.stow.limits.requests' }]
    : [];
