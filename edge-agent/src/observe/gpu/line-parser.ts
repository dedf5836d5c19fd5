import { type GpuField, type GpuMetric, IDENTITY_CELLS } from './fields.ts';

/** The readings of one GPU at one moment; what the driver does not support is left out. */
export type GpuReading = {
  readonly index: number;
  readonly uuid: string;
  /** Domain, bus and device, as `pciKey` writes them. */
  readonly pci: string;
  readonly name: string;
  readonly values: Readonly<Partial<Record<GpuMetric, number>>>;
};

/**
 * Reads one line of `--format=csv,noheader,nounits`. A value is a number, a bit mask in hexadecimal digits, or a word in
 * brackets (`[N/A]`, `[Not Supported]`, `[Unknown Error]`), which is left out. Undefined when the line is none of ours,
 * as the driver's complaints are, or was cut off.
 */
export function parseGpuLine(line: string, fields: readonly GpuField[]): GpuReading | undefined {
  const cells = line.split(',').map((cell) => cell.trim());
  const name = cells.slice(IDENTITY_CELLS + fields.length).join(', ');
  const [indexText = '', uuid = '', bus = ''] = cells;
  const pci = pciKey(bus);
  if (name === '' || pci === undefined) return undefined;
  if (!/^\d{1,4}$/.test(indexText) || !/^(GPU|MIG)-[0-9a-fA-F-]+$/.test(uuid)) return undefined;
  const values: Partial<Record<GpuMetric, number>> = {};
  for (const [i, { metric }] of fields.entries()) {
    const text = cells[IDENTITY_CELLS + i] ?? '';
    if (/^-?\d{1,15}(\.\d{1,9})?$/.test(text) || /^0x[0-9a-fA-F]{1,16}$/.test(text)) values[metric] = Number(text);
  }
  return { index: Number(indexText), uuid, pci, name, values };
}

/**
 * A PCI address without its function, the same for `00000000:3B:00.0` (nvidia-smi) and `0000:3b:00` (the kernel).
 * Undefined for what is none.
 */
export function pciKey(text: string): string | undefined {
  const [, domain, bus, device] = /^([0-9a-f]{4,8}):([0-9a-f]{2}):([0-9a-f]{2})(?:\.[0-7])?$/i.exec(text) ?? [];
  if (domain === undefined) return undefined;
  return `${Number.parseInt(domain, 16).toString(16).padStart(4, '0')}:${bus}:${device}`.toLowerCase();
}
