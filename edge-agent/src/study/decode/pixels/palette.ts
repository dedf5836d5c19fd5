import { err, ok, type Result } from '@collimator/shared/result';
import type { Pixels } from '@collimator/shared/imaging/slice';
import type { Part10 } from '../part10.ts';
import { expandSegments } from './segmented-lut.ts';

/** A palette (PS3.3 §C.7.6.3.1.5): a table for each of red, green and blue. */
export type Palette = {
  /** Of an entry: 8 or 16. */
  readonly bits: 8 | 16;
  readonly tables: readonly [LookupTable, LookupTable, LookupTable];
};

type LookupTable = { readonly firstMapped: number; readonly entries: Uint16Array };

const colours = ['red', 'green', 'blue'] as const;

/** The palette of a parsed image. */
export function paletteOf(part10: Part10, signed: boolean): Result<Palette, string> {
  const tables: LookupTable[] = [];
  let bits: 8 | 16 = 8;
  for (const [i, colour] of colours.entries()) {
    const table = tableOf(part10, 0x1101 + i, signed);
    if (!table.ok) return err(`${colour} palette: ${table.error}`);
    tables.push(table.value);
    if (table.value.bits === 16) bits = 16;
  }
  return ok({ bits, tables: tables as unknown as Palette['tables'] });
}

/** Replaces each value by its colour; values before and behind the table take its ends. */
export function coloured(values: Pixels, { bits, tables }: Palette): Uint8Array | Uint16Array {
  const out = bits === 8 ? new Uint8Array(3 * values.length) : new Uint16Array(3 * values.length);
  for (const [sample, { firstMapped, entries }] of tables.entries()) {
    const last = entries.length - 1;
    for (let i = 0, to = sample; i < values.length; i++, to += 3) {
      const at = (values[i] as number) - firstMapped;
      out[to] = entries[at < 0 ? 0 : at > last ? last : at] as number;
    }
  }
  return out;
}

function tableOf(part10: Part10, descriptor: number, signed: boolean): Result<LookupTable & { bits: 8 | 16 }, string> {
  const { dataSet } = part10;
  const tag = (element: number): string => `x0028${element.toString(16)}`;
  const count = dataSet.uint16(tag(descriptor), 0);
  const bits = dataSet.uint16(tag(descriptor), 2);
  // The second number is as signed as the pixels are.
  const firstMapped = signed ? dataSet.int16(tag(descriptor), 1) : dataSet.uint16(tag(descriptor), 1);
  if (count === undefined || firstMapped === undefined || (bits !== 8 && bits !== 16))
    return err('no descriptor of 8 or 16 bits');
  const length = count === 0 ? 65_536 : count;
  const plain = rawOf(part10, tag(descriptor + 0x100));
  const segmented = plain === undefined ? rawOf(part10, tag(descriptor + 0x120)) : undefined;
  if (segmented !== undefined) {
    const entries = expandSegments(bits === 8 ? segmented : words(segmented), length, bits);
    return entries.ok ? ok({ firstMapped, entries: entries.value, bits }) : entries;
  }
  if (plain === undefined) return err('no data');
  // Entries of 8 bits may lie in bytes or in words.
  const entries = plain.length >= 2 * length ? words(plain) : bits === 8 ? Uint16Array.from(plain) : new Uint16Array(0);
  if (entries.length < length) return err(`${plain.length} bytes for ${length} entries of ${bits} bits`);
  return ok({ firstMapped, entries: entries.slice(0, length), bits });
}

/** The bytes of an element in little endian words. */
function rawOf({ bytes, dataSet, syntax }: Part10, tag: string): Uint8Array | undefined {
  const element = dataSet.elements[tag];
  if (element === undefined || element.length === 0) return undefined;
  const raw = Buffer.from(bytes.subarray(element.dataOffset, element.dataOffset + element.length));
  return syntax.byteOrder === 'big' && element.vr !== 'OB' && raw.length % 2 === 0 ? raw.swap16() : raw;
}

function words(bytes: Uint8Array): Uint16Array {
  return Uint16Array.from({ length: bytes.length >> 1 }, (_, i) => {
    return (bytes[2 * i] as number) | ((bytes[2 * i + 1] as number) << 8);
  });
}
