import { isIP } from 'node:net';
import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import type { Problem } from '@collimator/shared/contracts/validate';
import { canonicalBlock, parseCidr } from '../dimse/index.ts';
import { isLoopback } from './loopback.ts';
import { TIMER_S_MAX } from './timer-bound.ts';

type LocalApi = AgentConfig['local_api'];

/** What the schema cannot say of the local API. */
export const localApiChecks = (api: LocalApi): Problem[] => [
  ...exposure(api),
  ...(api.stow.enabled ? [...stowSources(api), ...stowLimits(api)] : []),
  ...(api.inference.enabled ? [...programs(api), ...inferenceLimits(api)] : []),
];

/** Files that must open, with the keys that name them. */
export const localApiFiles = ({ tls }: LocalApi): (readonly [string, string | undefined])[] => [
  ['local_api.tls.certificate', tls?.certificate],
  ['local_api.tls.key', tls?.key],
  ['local_api.tls.client_ca', tls?.client_ca],
];

/** Files with a secret, which nobody else may read. */
export const localApiSecrets = ({ stow, inference }: LocalApi): (readonly [string, string])[] => [
  ...(stow.enabled ? tokenFiles('local_api.stow.sources', stow.sources) : []),
  ...(inference.enabled ? tokenFiles('local_api.inference.programs', inference.programs) : []),
];

const tokenFiles = (path: string, all: readonly { readonly token_file?: string }[]): (readonly [string, string])[] =>
  all.flatMap(({ token_file: file }, i) => (file === undefined ? [] : [[`${path}[${i}].token_file`, file] as const]));

function exposure({ host, tls }: LocalApi): Problem[] {
  if (tls !== undefined || isLoopback(host)) return [];
  return [{ path: 'local_api.tls', what: `is missing; ${host} can be reached from other machines` }];
}

/** Who may use a route, by the key that names it. */
type Callers = {
  readonly path: string;
  readonly callers: readonly {
    readonly name: string;
    readonly address: string;
    readonly token_file?: string;
    readonly certificate_name?: string;
    readonly requests?: number;
  }[];
  readonly limits: { readonly path: string; readonly requests: number };
  readonly tls: LocalApi['tls'];
  /** What else than a token or a certificate is proof enough. */
  readonly provedBy?: (i: number) => boolean;
};

function callerProblems({ path: all, callers, limits, tls, provedBy }: Callers): Problem[] {
  const keys = callers.map(({ name, address }) => `${name}\n${canonicalBlock(address) ?? address}`);
  return callers.flatMap((caller, i): Problem[] => {
    const path = `${all}[${i}]`;
    const problems: Problem[] = [];
    const cidr = parseCidr(caller.address);
    if (!cidr.ok) problems.push({ path: `${path}.address`, what: cidr.error });
    const first = keys.indexOf(keys[i] ?? '');
    if (first < i) problems.push({ path, what: `has the name and the addresses of ${all}[${first}]` });
    if (caller.token_file === undefined && caller.certificate_name === undefined && provedBy?.(i) !== true)
      problems.push({ path, what: 'needs token_file or certificate_name; an address proves nothing' });
    if (caller.certificate_name !== undefined && tls?.client_ca === undefined)
      problems.push({ path: `${path}.certificate_name`, what: 'needs local_api.tls.client_ca' });
    if ((caller.requests ?? 0) > limits.requests)
      problems.push({ path: `${path}.requests`, what: `is more than ${limits.path}` });
    return problems;
  });
}

function stowSources({ tls, stow: { sources, limits } }: LocalApi): Problem[] {
  if (sources.length === 0) return [{ path: 'local_api.stow.sources', what: 'is empty; nobody could post anything' }];
  return callerProblems({
    ...{ path: 'local_api.stow.sources', callers: sources, tls },
    limits: { path: 'local_api.stow.limits.requests', requests: limits.requests },
  });
}

const stowLimits = ({ stow: { limits } }: LocalApi): Problem[] =>
  moreThan('local_api.stow.limits', limits, [['per_source', 'requests']]);

function programs({ tls, inference: { programs: all, limits } }: LocalApi): Problem[] {
  const path = 'local_api.inference.programs';
  if (all.length === 0) return [{ path, what: 'is empty; nobody could ask for anything' }];
  const unproved = all.flatMap(({ without_proof: open, address, token_file, certificate_name }, i): Problem[] => {
    if (!open) return [];
    const key = `${path}[${i}].without_proof`;
    if (!isLoopbackBlock(address)) return [{ path: key, what: `is for programs on this machine; ${address} is not` }];
    const proof = token_file ?? certificate_name;
    return proof === undefined ? [] : [{ path: key, what: 'and token_file or certificate_name exclude each other' }];
  });
  const callers = callerProblems({
    ...{ path, callers: all, tls, provedBy: (i) => all[i]?.without_proof === true },
    limits: { path: 'local_api.inference.limits.requests', requests: limits.requests },
  });
  return [...callers, ...unproved];
}

/** Whether all of a block is this machine. */
function isLoopbackBlock(block: string): boolean {
  const [address = '', prefix] = block.split('/');
  const bits = address.includes(':') ? 128 : 8;
  return isIP(address) !== 0 && isLoopback(address) && Number(prefix ?? bits) >= bits;
}

const inferenceLimits = ({ inference: { limits } }: LocalApi): Problem[] => [
  ...moreThan('local_api.inference.limits', limits, [
    ['per_program', 'requests'],
    ['json_bytes', 'request_bytes'],
    ['request_bytes', 'bytes'],
  ]),
  ...(limits.answer_s > TIMER_S_MAX
    ? [{ path: 'local_api.inference.limits.answer_s', what: `is more than ${TIMER_S_MAX} s` }]
    : []),
];

/** A bound that can never be reached is a mistake in one of the two. */
const moreThan = <K extends string>(
  path: string,
  limits: Readonly<Record<K, number>>,
  pairs: readonly (readonly [one: K, other: K])[],
): Problem[] =>
  pairs.flatMap(([one, other]) =>
    limits[one] > limits[other] ? [{ path: `${path}.${one}`, what: `is more than ${path}.${other}` }] : [],
  );
