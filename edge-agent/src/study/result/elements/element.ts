import type { RawElement, RawItem } from '../../decode/raw-element.ts';

/** Makers of data elements. Text goes in as ASCII; text that may hold more goes through a TextEncoder of its own (encode-text.ts). */

export const bytes = (tag: number, vr: string, value: Uint8Array): RawElement => ({ tag, vr, value });

/** One or several values of a text VR; several are joined by a backslash. */
export const text = (tag: number, vr: string, ...values: readonly string[]): RawElement => ({
  tag,
  vr,
  value: Buffer.from(values.join('\\'), 'latin1'),
});

export const uid = (tag: number, value: string): RawElement => text(tag, 'UI', value);

/** An element that must be there and has no value (type 2). */
export const empty = (tag: number, vr: string): RawElement => ({ tag, vr, value: new Uint8Array(0) });

export const sequence = (tag: number, ...items: readonly RawItem[]): RawElement => ({ tag, vr: 'SQ', value: items });

/** A sequence of as many items as there are: a call does not take any number of arguments. */
export const sequenceOf = (tag: number, items: readonly RawItem[]): RawElement => ({ tag, vr: 'SQ', value: items });

export function us(tag: number, ...values: readonly number[]): RawElement {
  const value = Buffer.alloc(2 * values.length);
  values.forEach((number, i) => value.writeUInt16LE(number, 2 * i));
  return { tag, vr: 'US', value };
}

export function ul(tag: number, ...values: readonly number[]): RawElement {
  const value = Buffer.alloc(4 * values.length);
  values.forEach((number, i) => value.writeUInt32LE(number, 4 * i));
  return { tag, vr: 'UL', value };
}

export function fl(tag: number, values: readonly number[]): RawElement {
  const value = Buffer.alloc(4 * values.length);
  values.forEach((number, i) => value.writeFloatLE(number, 4 * i));
  return { tag, vr: 'FL', value };
}

export function fd(tag: number, ...values: readonly number[]): RawElement {
  const value = Buffer.alloc(8 * values.length);
  values.forEach((number, i) => value.writeDoubleLE(number, 8 * i));
  return { tag, vr: 'FD', value };
}

export function sl(tag: number, ...values: readonly number[]): RawElement {
  const value = Buffer.alloc(4 * values.length);
  values.forEach((number, i) => value.writeInt32LE(number, 4 * i));
  return { tag, vr: 'SL', value };
}

/** Attribute tags (VR AT): group and element, each little endian. */
export function at(tag: number, value: number): RawElement {
  const written = Buffer.alloc(4);
  written.writeUInt16LE(value >>> 16, 0);
  written.writeUInt16LE(value & 0xffff, 2);
  return { tag, vr: 'AT', value: written };
}

export const ds = (tag: number, ...values: readonly number[]): RawElement => text(tag, 'DS', ...values.map(decimal));
export const is = (tag: number, ...values: readonly number[]): RawElement => text(tag, 'IS', ...values.map(String));

const DECIMAL_LENGTH_MAX = 16;

/**
 * A number as a decimal string (PS3.5 §6.2, DS): the shortest text that gives the same number again, or as many
 * digits as 16 characters hold.
 *
 * @throws RangeError for what is no finite number
 */
export function decimal(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} cannot be written as a decimal string`);
  const exact = String(value === 0 ? 0 : value);
  if (exact.length <= DECIMAL_LENGTH_MAX) return exact;
  for (let digits = DECIMAL_LENGTH_MAX; digits > 0; digits--) {
    const rounded = Number(value.toPrecision(digits));
    // Zeros behind the point take room where there is no exponent.
    const text = [String(rounded), rounded.toExponential()].find(({ length }) => length <= DECIMAL_LENGTH_MAX);
    if (text !== undefined) return text;
  }
  throw new RangeError(`${value} does not fit ${DECIMAL_LENGTH_MAX} characters`);
}
