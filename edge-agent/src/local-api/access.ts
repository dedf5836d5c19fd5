import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { err, ok, type Result } from '@collimator/shared/result';
import { longestPrefix, plainAddress } from '../dimse/index.ts';
import { isThisMachine } from './same-origin.ts';

/** Who may use a route: from one of its addresses, with everything that is said of it here. */
export type Listed = {
  readonly name: string;
  /** Address or CIDR block. */
  readonly address: string;
  /** The token as it is now, or why there is none; asked for at each request, so that a renewed one needs no restart. */
  readonly token?: () => Result<string, string>;
  /** Common name of its certificate. */
  readonly certificateName?: string;
  /** Whether callers of this machine need to prove nothing. */
  readonly unproved?: true;
};

export type ApiCaller = {
  readonly address: string;
  /** The Authorization header. */
  readonly authorization: string | undefined;
  /** Common name of a certificate that was checked; undefined when none was shown. */
  readonly certificateName: string | undefined;
};

export type AccessRefusal = { readonly http: 401 | 403; readonly why: string };

/**
 * Which of those that are listed a caller is. One whose address is not listed learns nothing about tokens; the others
 * learn nothing about how near a wrong token was: every digest is compared whole. The smallest block decides where
 * several fit, and a proof goes before none.
 */
export function identify<L extends Listed>(caller: ApiCaller, listed: readonly L[]): Result<L, AccessRefusal> {
  const near = listed
    .map((one) => ({ one, prefix: longestPrefix([one.address], caller.address) }))
    .filter(({ prefix }) => prefix !== undefined)
    .sort(
      (a, b) => Number(a.one.unproved ?? false) - Number(b.one.unproved ?? false) || (b.prefix ?? 0) - (a.prefix ?? 0),
    );
  if (near.length === 0) return err({ http: 403, why: 'the address is not listed' });
  const shown = digest(bearerOf(caller.authorization) ?? '');
  const unusable: string[] = [];
  const fits = near.filter(({ one }) => {
    const token = one.token?.();
    if (token?.ok === false) unusable.push(token.error);
    const tokenFits = token === undefined || (token.ok && timingSafeEqual(shown, digest(token.value)));
    const nameFits = one.certificateName === undefined || one.certificateName === caller.certificateName;
    // Something must have been proved, whatever the configuration says; to be on this machine is something too.
    const proved =
      token !== undefined ||
      one.certificateName !== undefined ||
      (one.unproved === true && isThisMachine(caller.address));
    return tokenFits && nameFits && proved;
  });
  const [first] = fits;
  if (first !== undefined) return ok(first.one);
  return err({ http: 401, why: [whyNot(caller), ...unusable].join('; ') });
}

export function apiCallerOf({ socket, headers }: IncomingMessage): ApiCaller {
  return {
    address: plainAddress(socket.remoteAddress ?? ''),
    authorization: headers.authorization,
    certificateName: socket instanceof TLSSocket && socket.authorized ? commonNameOf(socket) : undefined,
  };
}

/** A certificate with several common names is nobody's. */
function commonNameOf(socket: TLSSocket): string | undefined {
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  return typeof name === 'string' ? name : undefined;
}

function whyNot({ authorization, certificateName }: ApiCaller): string {
  if (authorization !== undefined) return 'the token is not of anybody at this address';
  return certificateName === undefined ? 'neither a token nor a certificate' : 'the certificate is of nobody listed';
}

/** RFC 6750 §2.1. */
const bearerOf = (authorization = ''): string | undefined => /^bearer +(\S+) *$/i.exec(authorization)?.[1];

const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();
