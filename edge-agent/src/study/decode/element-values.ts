import type { DataSet, Element } from 'dicom-parser';

/** Reads values of one data set or item; what is absent or unusable is undefined or empty. */
export type ElementValues = {
  text(tag: string): string | undefined;
  list(tag: string): readonly string[];
  /** Each value of a decimal or integer string; NaN for one that is no number. */
  numbers(tag: string): readonly number[];
  number(tag: string): number | undefined;
  /** A US. */
  unsigned(tag: string): number | undefined;
  /** A UL. */
  long(tag: string): number | undefined;
  /** Each value of an FD. */
  doubles(tag: string): readonly number[];
  /** Two bytes as a number with or without sign, as the pixels have it. */
  word(tag: string, signed: boolean): number | undefined;
  raw(tag: string): Uint8Array;
  /** The items of a sequence. */
  items(tag: string): readonly ElementValues[];
  has(tag: string): boolean;
};

/** @param bytes that the data set was parsed from */
export function elementValues(dataSet: DataSet, bytes: Uint8Array): ElementValues {
  const text = (tag: string): string | undefined => dataSet.string(tag)?.trim() || undefined;
  const list = (tag: string): readonly string[] =>
    text(tag)
      ?.split('\\')
      .map((part) => part.trim()) ?? [];
  const numbers = (tag: string): readonly number[] =>
    list(tag).map((part) => (part === '' ? Number.NaN : Number(part)));
  const lengthOf = (tag: string): number => dataSet.elements[tag]?.length ?? 0;
  return {
    text,
    list,
    numbers,
    number: (tag) => finite(numbers(tag)[0]),
    unsigned: (tag) => (lengthOf(tag) >= 2 ? dataSet.uint16(tag) : undefined),
    long: (tag) => (lengthOf(tag) >= 4 ? dataSet.uint32(tag) : undefined),
    doubles: (tag) =>
      Array.from({ length: Math.floor(lengthOf(tag) / 8) }, (_, i) => dataSet.double(tag, i) ?? Number.NaN),
    word: (tag, signed) => (lengthOf(tag) >= 2 ? (signed ? dataSet.int16(tag) : dataSet.uint16(tag)) : undefined),
    raw(tag) {
      const element = dataSet.elements[tag];
      return element === undefined
        ? new Uint8Array(0)
        : bytes.subarray(element.dataOffset, element.dataOffset + element.length);
    },
    items: (tag) => itemsOf(dataSet.elements[tag]).map((item) => elementValues(item, bytes)),
    has: (tag) => dataSet.elements[tag] !== undefined,
  };
}

const itemsOf = (element: Element | undefined): readonly DataSet[] =>
  (element?.items ?? []).flatMap(({ dataSet }) => (dataSet === undefined ? [] : [dataSet]));

const finite = (value: number | undefined): number | undefined =>
  value !== undefined && Number.isFinite(value) ? value : undefined;
