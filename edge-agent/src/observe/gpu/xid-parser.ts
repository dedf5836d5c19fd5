import { pciKey } from './line-parser.ts';

/** An error of a GPU that its driver wrote to the kernel log; `code` as in NVIDIA's list of Xid errors. */
export type Xid = { readonly pci: string; readonly code: number };

/** A line longer than this is no such message. */
const LINE_CHARACTERS_MAX = 4_096;

/**
 * Reads a line of the kernel log, such as `NVRM: Xid (PCI:0000:3b:00): 79, pid='<unknown>', name=<unknown>, GPU has
 * fallen off the bus.` What follows the code may name programs and is not taken over. Undefined for every other line.
 */
export function parseXid(line: string): Xid | undefined {
  if (line.length > LINE_CHARACTERS_MAX) return undefined;
  const [, address = '', code = ''] =
    /NVRM: Xid \((?:PCI:)?([0-9a-fA-F:.]+)(?: GPU-I:\d+)?(?: GPU-CI:\d+)?\): (\d{1,4})(?:,|\s|$)/.exec(line) ?? [];
  const pci = pciKey(address);
  return pci === undefined ? undefined : { pci, code: Number(code) };
}
