import { err, type Err, ok, type Ok } from '../result.ts';
import { APPLICATION_CONTEXT } from '../uid.ts';
import { longestPrefix } from './address.ts';
import type { AssociateRq, UserIdentity } from './pdu.ts';
import { type Refusal, refusals } from './refusal.ts';
import type { Identify } from './user-identity.ts';

/** A peer that may open associations. */
export type Source = {
  /** Calling AE title, or `*` for any. */
  readonly aeTitle: string;
  /** Addresses or CIDR blocks that it may call from; `0.0.0.0/0` and `::/0` for any. */
  readonly addresses: readonly string[];
  /** Our titles that it may call, or `*` for any. */
  readonly calledAeTitles: readonly string[];
  /** Associations that it may hold at a time. */
  readonly associationsMax: number;
  /** Checks its user identity; without it, whatever is claimed is let through unconfirmed. */
  readonly identify?: Identify;
};

export type Policy = {
  readonly sources: readonly Source[];
  /** Associations at a time, of all sources together. */
  readonly associationsMax: number;
};

export type AssociateRequest = Pick<
  AssociateRq,
  'callingAeTitle' | 'calledAeTitle' | 'protocolVersion' | 'applicationContext'
> & { readonly remoteAddress: string; readonly userIdentity?: UserIdentity | undefined };

export type Load = {
  readonly associations: number;
  bySource(source: Source): number;
  /** Why nobody should come now, or undefined. */
  readonly congested?: string | undefined;
};

/**
 * Decides whether a request may open an association (PS3.8 §9.3.4).
 * Order matters: an unknown sender learns nothing about our titles or limits, and one that cannot prove its identity
 * nothing about our limits.
 */
export function admit(request: AssociateRequest, policy: Policy, load: Load): Ok<Source> | Err<Refusal> {
  if ((request.protocolVersion & 1) === 0)
    return refuse('protocolVersion', `protocol version ${request.protocolVersion}`);
  const source = sourceOf(request, policy.sources);
  if (source === undefined) {
    const from = `${request.callingAeTitle} at ${request.remoteAddress}`;
    const known = policy.sources.some(({ aeTitle }) => matches(aeTitle, request.callingAeTitle));
    return refuse('callingAeTitle', known ? `address not allowed: ${from}` : `unknown calling AE title: ${from}`);
  }
  if (!source.calledAeTitles.some((title) => matches(title, request.calledAeTitle)))
    return refuse('calledAeTitle', `called AE title ${request.calledAeTitle} is not for ${source.aeTitle}`);
  if (request.applicationContext !== APPLICATION_CONTEXT)
    return refuse('applicationContext', `application context ${request.applicationContext}`);
  if (source.identify?.(request.userIdentity) === false)
    return refuse(
      'userIdentity',
      `the user identity of ${source.aeTitle} is ${request.userIdentity ? 'wrong' : 'missing'}`,
    );
  if (load.congested !== undefined) return refuse('congestion', load.congested);
  if (load.associations >= policy.associationsMax)
    return refuse('associations', `all ${policy.associationsMax} associations are in use`);
  if (load.bySource(source) >= source.associationsMax)
    return refuse('sourceAssociations', `${source.aeTitle} holds its ${source.associationsMax} associations`);
  return ok(source);
}

/** Of the sources that fit, the one that says most: its own title before `*`, then the smallest block, then the first. */
function sourceOf(request: AssociateRequest, sources: readonly Source[]): Source | undefined {
  let best: { readonly source: Source; readonly rank: number } | undefined;
  for (const source of sources) {
    if (!matches(source.aeTitle, request.callingAeTitle)) continue;
    const prefix = longestPrefix(source.addresses, request.remoteAddress);
    if (prefix === undefined) continue;
    const rank = prefix + (source.aeTitle === '*' ? 0 : 1_000);
    if (best === undefined || rank > best.rank) best = { source, rank };
  }
  return best?.source;
}

const matches = (pattern: string, title: string): boolean => pattern === '*' || pattern === title;

const refuse = (which: keyof typeof refusals, why: string): Err<Refusal> => err({ ...refusals[which], why });
