import { createHash, timingSafeEqual } from 'node:crypto';
import { err, ok, type Result } from '@collimator/shared/result';
import { longestPrefix } from '../dimse/index.ts';
import type { StowRefusal } from './stow-request.ts';

/** Who may post: from one of its addresses, with everything that is said of it here. */
export type StowSource = {
  readonly name: string;
  /** Address or CIDR block. */
  readonly address: string;
  /** The token as it is now, or why there is none; asked for at each request, so that a renewed one needs no restart. */
  readonly token?: () => Result<string, string>;
  /** Common name of its certificate. */
  readonly certificateName?: string;
  readonly requestsMax: number;
};

export type StowCaller = {
  readonly address: string;
  /** The Authorization header. */
  readonly authorization: string | undefined;
  /** Common name of a certificate that was checked; undefined when none was shown. */
  readonly certificateName: string | undefined;
};

/**
 * Which source a caller is. One whose address is not listed learns nothing about tokens; the others learn nothing about
 * how near a wrong token was: every digest is compared whole. The smallest block decides where several fit.
 */
export function identify(caller: StowCaller, sources: readonly StowSource[]): Result<StowSource, StowRefusal> {
  const near = sources
    .map((source) => ({ source, prefix: longestPrefix([source.address], caller.address) }))
    .filter(({ prefix }) => prefix !== undefined)
    .sort((a, b) => (b.prefix ?? 0) - (a.prefix ?? 0));
  if (near.length === 0) return err({ http: 403, code: 'stow-forbidden', why: 'the address is not listed' });
  const shown = digest(bearerOf(caller.authorization) ?? '');
  const unusable: string[] = [];
  const fits = near.filter(({ source }) => {
    const token = source.token?.();
    if (token?.ok === false) unusable.push(token.error);
    const tokenFits = token === undefined || (token.ok && timingSafeEqual(shown, digest(token.value)));
    const nameFits = source.certificateName === undefined || source.certificateName === caller.certificateName;
    // Something must have been proved, whatever the configuration says.
    return tokenFits && nameFits && (token !== undefined || source.certificateName !== undefined);
  });
  const [first] = fits;
  if (first !== undefined) return ok(first.source);
  const why = [whyNot(caller), ...unusable].join('; ');
  return err({ http: 401, code: 'stow-unauthorized', why });
}

function whyNot({ authorization, certificateName }: StowCaller): string {
  if (authorization !== undefined) return 'the token is not that of a source at this address';
  return certificateName === undefined ? 'neither a token nor a certificate' : 'the certificate is not of a source';
}

/** RFC 6750 §2.1. */
const bearerOf = (authorization = ''): string | undefined => /^bearer +(\S+) *$/i.exec(authorization)?.[1];

const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();
