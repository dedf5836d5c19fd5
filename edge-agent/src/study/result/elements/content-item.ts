import type { Code } from '@collimator/shared/contracts/release';
import type { RawElement, RawItem } from '../../decode/raw-element.ts';
import { codeSequence } from './code.ts';
import { instanceReference } from '../common-modules.ts';
import { ds, fl, sequence, sequenceOf, text as ascii, uid, us } from './element.ts';
import type { ObjectIdentity } from './part10-file.ts';
import { type ImageReference, imageReference } from '../source-images.ts';
import type { TextWriter } from './text-writer.ts';

/** How an item stands to the one above it (PS3.3 §C.17.3.2.4); the root has none. */
export type Relationship =
  | 'CONTAINS'
  | 'SELECTED FROM'
  | 'HAS CONCEPT MOD'
  | 'HAS OBS CONTEXT'
  | 'HAS ACQ CONTEXT'
  | 'INFERRED FROM';

/** A node of a structured report (PS3.3 §C.17.3). */
export type ContentItem = {
  readonly relationship: Relationship;
  /** None for the images of an image library (PS3.16 TID 1601) and for key objects (TID 2010). */
  readonly concept?: Code;
  readonly value: ContentValue;
  readonly children?: readonly ContentItem[];
};

export type ContentValue =
  | { readonly type: 'CONTAINER'; readonly template?: string }
  | { readonly type: 'TEXT'; readonly text: string }
  | { readonly type: 'CODE'; readonly code: Code }
  | { readonly type: 'NUM'; readonly number: number; readonly unit: Code }
  | { readonly type: 'UIDREF'; readonly uid: string }
  | { readonly type: 'COMPOSITE'; readonly instance: ObjectIdentity }
  | { readonly type: 'SCOORD'; readonly graphic: 'POLYLINE'; readonly data: readonly number[] }
  | {
      readonly type: 'SCOORD3D';
      readonly graphic: 'POLYGON';
      readonly data: readonly number[];
      readonly frameOfReferenceUid: string;
    }
  | { readonly type: 'IMAGE'; readonly image: ImageReference; readonly segment?: number };

/** The elements of an item and, in a content sequence, of all below it. */
export function contentElements(item: Omit<ContentItem, 'relationship'>, text: TextWriter): readonly RawElement[] {
  const { concept, value, children = [] } = item;
  return [
    ascii(0x0040a040, 'CS', value.type),
    ...(concept === undefined ? [] : [codeSequence(0x0040a043, concept, text)]),
    ...valueElements(value, text),
    ...(children.length === 0
      ? []
      : [
          sequenceOf(
            0x0040a730,
            children.map((child) => childItem(child, text)),
          ),
        ]),
  ];
}

const childItem = (item: ContentItem, text: TextWriter): RawItem => [
  ascii(0x0040a010, 'CS', item.relationship),
  ...contentElements(item, text),
];

function valueElements(value: ContentValue, text: TextWriter): readonly RawElement[] {
  switch (value.type) {
    case 'CONTAINER':
      return [ascii(0x0040a050, 'CS', 'SEPARATE'), ...(value.template === undefined ? [] : [template(value.template)])];
    case 'TEXT':
      return [text(0x0040a160, 'UT', value.text)];
    case 'CODE':
      return [codeSequence(0x0040a168, value.code, text)];
    case 'NUM':
      return [sequence(0x0040a300, [codeSequence(0x004008ea, value.unit, text), ds(0x0040a30a, value.number)])];
    case 'UIDREF':
      return [uid(0x0040a124, value.uid)];
    case 'COMPOSITE':
      return [sequence(0x00081199, instanceReference(value.instance))];
    case 'SCOORD':
      return [ascii(0x00700023, 'CS', value.graphic), fl(0x00700022, value.data)];
    case 'SCOORD3D':
      return [
        ascii(0x00700023, 'CS', value.graphic),
        fl(0x00700022, value.data),
        uid(0x30060024, value.frameOfReferenceUid),
      ];
    case 'IMAGE':
      return [
        sequence(0x00081199, [
          ...imageReference(value.image),
          ...(value.segment === undefined ? [] : [us(0x0062000b, value.segment)]),
        ]),
      ];
  }
}

/** Content Template Sequence (PS3.3 §C.18.8). */
const template = (identifier: string): RawElement =>
  sequence(0x0040a504, [ascii(0x00080105, 'CS', 'DCMR'), ascii(0x0040db00, 'CS', identifier)]);
