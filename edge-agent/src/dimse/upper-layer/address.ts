import { BlockList, isIP } from 'node:net';
import { err, ok, type Result } from '../result.ts';

export type Cidr = { readonly network: string; readonly prefix: number; readonly family: 'ipv4' | 'ipv6' };

/** Reads `192.0.2.0/24`, `2001:db8::/32` or a single address. */
export function parseCidr(text: string): Result<Cidr, string> {
  const [network = '', prefixText, more] = text.split('/');
  const version = isIP(network);
  if (version === 0 || more !== undefined) return err(`${text} is not an address or a CIDR block`);
  const bits = version === 4 ? 32 : 128;
  const prefix = prefixText === undefined ? bits : Number(prefixText);
  if (prefixText === '' || !Number.isInteger(prefix) || prefix < 0 || prefix > bits)
    return err(`${text}: the prefix must be 0 to ${bits}`);
  return ok({ network, prefix, family: version === 4 ? 'ipv4' : 'ipv6' });
}

/** Whether one of the blocks holds the address. A block that cannot be read holds nothing. */
export function contains(blocks: readonly string[], address: string): boolean {
  const version = isIP(address);
  if (version === 0) return false;
  const list = new BlockList();
  for (const block of blocks) {
    const cidr = parseCidr(block);
    if (cidr.ok) list.addSubnet(cidr.value.network, cidr.value.prefix, cidr.value.family);
  }
  return list.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

/** The address of a peer, an IPv4 one in its own form although the socket is IPv6 (`::ffff:192.0.2.1`). */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '');
