import dicomParser, { type DataSet, type Element } from 'dicom-parser';
import { subjectVrs } from '../../study/decode/subject-vrs.ts';
import { attributeNames } from './attribute-names.ts';
import { table, tagText } from '../markdown.ts';

/** VRs whose values are shown where they never change; all others are too long, or are numbers in bytes. */
const shown: ReadonlySet<string> = new Set(['CS', 'IS', 'LO', 'SH', 'UI', 'US', 'DS']);
const LAST_OF_META = 0x0002ffff;

type Attribute = { readonly tag: number; readonly vr: string; readonly value: string; readonly empty: boolean };

/** What an object has at its top level, by tag. */
function attributesOf(file: Uint8Array): Map<number, Attribute> {
  const dataSet = dicomParser.parseDicom(file);
  const found = Object.values(dataSet.elements)
    .map((element) => ({ tag: tagOf(element), element }))
    .filter(({ tag }) => tag > LAST_OF_META)
    .sort((a, b) => a.tag - b.tag);
  return new Map(
    found.map(({ tag, element }) => [
      tag,
      { tag, vr: element.vr ?? '', value: valueOf(dataSet, element), empty: element.length === 0 },
    ]),
  );
}

function valueOf(dataSet: DataSet, element: Element): string {
  if (element.items !== undefined) return '';
  return element.vr === 'US' ? String(dataSet.uint16(element.tag)) : (dataSet.string(element.tag) ?? '');
}

/**
 * The attributes that an object has beside those copied from its source, as a table; made by looking at two of them
 * that have nothing in common but the builder. Names are of edge-agent/scripts/attribute-names.mjs.
 */
export function attributeTable(one: Uint8Array, other: Uint8Array): string {
  const [first, second] = [attributesOf(one), attributesOf(other)];
  const tags = [...new Set([...first.keys(), ...second.keys()])].sort((a, b) => a - b);
  const rows = tags.flatMap((tag) => {
    if (tag in subjectVrs) return [];
    const [here, there] = [first.get(tag), second.get(tag)];
    const known = here ?? there;
    if (known === undefined) return [];
    return [[nameOf(tag), tagText(tag), known.vr, presenceOf(here, there), contentOf(known, here, there)]];
  });
  return table(['attribute', 'tag', 'VR', 'presence', 'value'], rows);
}

const presenceOf = (here: Attribute | undefined, there: Attribute | undefined): string =>
  here === undefined || there === undefined ? 'where it applies' : 'always';

function contentOf(known: Attribute, here: Attribute | undefined, there: Attribute | undefined): string {
  if (known.vr === 'SQ') return known.empty ? 'no item' : '';
  if (here?.empty === true && there?.empty === true) return 'empty';
  const same = here !== undefined && here.value === there?.value && shown.has(known.vr);
  return same ? `\`${here.value}\`` : 'generated';
}

/** The attributes that every object copies from its source where the source has them. */
export const copiedAttributes = (): string =>
  table(
    ['attribute', 'tag'],
    Object.keys(subjectVrs)
      .map(Number)
      .sort((a, b) => a - b)
      .map((tag) => [nameOf(tag), tagText(tag)]),
  );

const nameOf = (tag: number): string => attributeNames[tag] ?? '';

/** Every tag that the statement names, for the script that makes the table of names. */
export const tagsOf = (files: readonly Uint8Array[]): readonly number[] =>
  [
    ...new Set([...Object.keys(subjectVrs).map(Number), ...files.flatMap((file) => [...attributesOf(file).keys()])]),
  ].sort((a, b) => a - b);

const tagOf = (element: Element): number => Number.parseInt(element.tag.slice(1), 16);
