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

/** How many bits the smallest of the blocks that hold the address fixes, or undefined when none does. */
export function longestPrefix(blocks: readonly string[], address: string): number | undefined {
  const version = isIP(address);
  if (version === 0) return undefined;
  let longest: number | undefined;
  for (const block of blocks) {
    const cidr = parseCidr(block);
    if (!cidr.ok || (longest !== undefined && cidr.value.prefix <= longest)) continue;
    const list = new BlockList();
    list.addSubnet(cidr.value.network, cidr.value.prefix, cidr.value.family);
    if (list.check(address, version === 4 ? 'ipv4' : 'ipv6')) longest = cidr.value.prefix;
  }
  return longest;
}

/** A block in its one written form, so that equal ones can be found: host bits cleared, as many zeros as there are. */
export function canonicalBlock(text: string): string | undefined {
  const cidr = parseCidr(text);
  if (!cidr.ok) return undefined;
  const { network, prefix, family } = cidr.value;
  const bits = family === 'ipv4' ? 32 : 128;
  const value = (bitsOf(network, family) >> BigInt(bits - prefix)).toString(16);
  return `${family}/${prefix}/${value}`;
}

function bitsOf(address: string, family: 'ipv4' | 'ipv6'): bigint {
  if (family === 'ipv4') return address.split('.').reduce((all, part) => (all << 8n) | BigInt(part), 0n);
  const [plain = ''] = address.split('%');
  const withHex = plain.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [head = '', tail] = withHex.split('::');
  const groups = (part: string | undefined): string[] => (part === undefined || part === '' ? [] : part.split(':'));
  const [left, right] = [groups(head), groups(tail)];
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].reduce((all, group) => (all << 16n) | BigInt(`0x${group}`), 0n);
}

/** The address of a peer, an IPv4 one in its own form although the socket is IPv6 (`::ffff:192.0.2.1`). */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '');
