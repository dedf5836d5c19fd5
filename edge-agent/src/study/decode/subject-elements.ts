import type { Element } from 'dicom-parser';
import { isLittleEndian, type Part10 } from './part10.ts';
import type { RawElement } from './raw-element.ts';
import { nestedVrs, subjectVrs } from './subject-vrs.ts';

/** Bytes of one number in each binary VR (PS3.5 §6.2). */
const numberBytes: Readonly<Record<string, number>> = {
  US: 2,
  SS: 2,
  AT: 2,
  OW: 2,
  UL: 4,
  SL: 4,
  FL: 4,
  OF: 4,
  OL: 4,
  FD: 8,
  OD: 8,
  SV: 8,
  UV: 8,
  OV: 8,
};
/** Sequences deeper than this are cut off: no module of these nests so deep. */
const DEPTH_MAX = 16;

/**
 * Patient, study and frame-of-reference elements of a source image, as a result takes them over. Values are the
 * source's own bytes, whatever their character set; only numbers of a big endian source are turned. Where the source
 * names no VR, the dictionary does, and what it does not know goes along as UN.
 */
export function subjectElementsOf(file: Part10): readonly RawElement[] {
  return Object.values(file.dataSet.elements)
    .filter((element) => subjectVrs[tagOf(element)] !== undefined)
    .map((element) => rawElement(element, file, 0));
}

function rawElement(element: Element, file: Part10, depth: number): RawElement {
  const tag = tagOf(element);
  if (element.items !== undefined) {
    const items = depth >= DEPTH_MAX ? [] : element.items;
    return {
      tag,
      vr: 'SQ',
      value: items.map((item) =>
        Object.values(item.dataSet?.elements ?? {})
          .filter((child) => !isDelimiter(child))
          .map((child) => rawElement(child, file, depth + 1)),
      ),
    };
  }
  const vr = element.vr ?? subjectVrs[tag] ?? nestedVrs[tag] ?? privateCreator(tag) ?? 'UN';
  // An empty sequence of an implicit source has no items to be known by.
  if (vr === 'SQ') return { tag, vr, value: [] };
  const bytes = file.bytes.slice(element.dataOffset, element.dataOffset + element.length);
  return { tag, vr, value: isLittleEndian(file.syntax) ? bytes : turned(bytes, numberBytes[vr] ?? 1) };
}

/** Numbers of `size` bytes from big to little endian, in place. */
function turned(numbers: Uint8Array, size: number): Uint8Array {
  for (let at = 0; at + size <= numbers.length; at += size) numbers.subarray(at, at + size).reverse();
  return numbers;
}

/** PS3.5 §7.8.1: elements 10 to FF of an odd group name the owner of a block. */
const privateCreator = (tag: number): string | undefined =>
  ((tag >>> 16) & 1) === 1 && (tag & 0xffff) >= 0x10 && (tag & 0xffff) <= 0xff ? 'LO' : undefined;

/** dicom-parser keeps the delimiter of an item among its elements. */
const isDelimiter = (element: Element): boolean => element.tag.startsWith('xfffe');

const tagOf = (element: Element): number => Number.parseInt(element.tag.slice(1), 16);
