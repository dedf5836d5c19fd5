import { err, type Err, ok, type Ok } from '../result.ts';
import { APPLICATION_CONTEXT } from '../uid.ts';
import { contains } from './address.ts';
import type { AssociateRq } from './pdu.ts';
import type { Refusal } from './refusal.ts';

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
};

export type Policy = {
  readonly sources: readonly Source[];
  /** Associations at a time, of all sources together. */
  readonly associationsMax: number;
};

export type AssociateRequest = Pick<
  AssociateRq,
  'callingAeTitle' | 'calledAeTitle' | 'protocolVersion' | 'applicationContext'
> & { readonly remoteAddress: string };

export type Load = { readonly associations: number; bySource(source: Source): number };

/**
 * Decides whether a request may open an association (PS3.8 §9.3.4).
 * Order matters: an unknown sender learns nothing about our titles or limits.
 */
export function admit(request: AssociateRequest, policy: Policy, load: Load): Ok<Source> | Err<Refusal> {
  if ((request.protocolVersion & 1) === 0) return refuse(1, 2, 2, `protocol version ${request.protocolVersion}`);
  const known = policy.sources.filter((source) => matches(source.aeTitle, request.callingAeTitle));
  const source = known.find((s) => contains(s.addresses, request.remoteAddress));
  if (source === undefined) {
    const from = `${request.callingAeTitle} at ${request.remoteAddress}`;
    return refuse(1, 1, 3, known.length === 0 ? `unknown calling AE title: ${from}` : `address not allowed: ${from}`);
  }
  if (!source.calledAeTitles.some((title) => matches(title, request.calledAeTitle)))
    return refuse(1, 1, 7, `called AE title ${request.calledAeTitle} is not for ${source.aeTitle}`);
  if (request.applicationContext !== APPLICATION_CONTEXT)
    return refuse(1, 1, 2, `application context ${request.applicationContext}`);
  if (load.associations >= policy.associationsMax)
    return refuse(2, 3, 2, `all ${policy.associationsMax} associations are in use`);
  if (load.bySource(source) >= source.associationsMax)
    return refuse(2, 3, 1, `${source.aeTitle} holds its ${source.associationsMax} associations`);
  return ok(source);
}

const matches = (pattern: string, title: string): boolean => pattern === '*' || pattern === title;

const refuse = (result: 1 | 2, source: 1 | 2 | 3, reason: number, why: string): Err<Refusal> =>
  err({ result, source, reason, why });
