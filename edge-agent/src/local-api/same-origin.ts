import { BlockList, isIP } from 'node:net';

export type RequestHeaders = {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly 'sec-fetch-site'?: string | readonly string[] | undefined;
  readonly 'content-type'?: string | undefined;
};

/** Where a request came from, and how. */
export type Caller = { readonly remoteAddress?: string | undefined; readonly encrypted?: boolean };

const thisMachine = new BlockList();
thisMachine.addSubnet('127.0.0.0', 8, 'ipv4');
thisMachine.addAddress('::1', 'ipv6');

/**
 * Why a request that changes something is not taken; undefined when it is. The local API has no login, so a page that
 * somebody on this machine happens to look at must not be able to use it:
 * - it comes from this machine, also where the local API can be reached from others;
 * - the body is JSON, which a page of another origin cannot send without asking first, and nobody answers that;
 * - the name in Host is an address, `localhost` or our own name: a name of somebody else's that was made to point
 *   here (DNS rebinding) is neither;
 * - what a browser says of the origin must be ours.
 *
 * @param ownHost as `local_api.host` says
 */
export function whyForeign(headers: RequestHeaders, ownHost: string, caller: Caller): string | undefined {
  if (!isThisMachine(caller.remoteAddress ?? '')) return 'it comes from another machine';
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') return 'the body must be application/json';
  return whyOfAnotherPage(headers, ownHost, caller);
}

export function isThisMachine(remoteAddress: string): boolean {
  const address = remoteAddress.replace(/^::ffff:(?=\d+\.)/i, '');
  const version = isIP(address);
  return version !== 0 && thisMachine.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

/** What Host and the origin say, alone: for bodies of any kind, whose origin every browser tells. */
export function whyOfAnotherPage(headers: RequestHeaders, ownHost: string, caller: Caller): string | undefined {
  const host = headers.host ?? '';
  const url = `${caller.encrypted === true ? 'https' : 'http'}://${host}`;
  if (host === '' || !URL.canParse(url)) return 'there is no Host';
  const { hostname } = new URL(url);
  const name = hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(name) === 0 && name !== 'localhost' && name !== ownHost.toLowerCase())
    return 'Host is no address and no name of this machine';
  if (headers.origin !== undefined && headers.origin !== new URL(url).origin) return 'it comes from another origin';
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return 'it comes from another site';
  return undefined;
}
