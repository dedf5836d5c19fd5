import type { RawElement, RawItem } from '../../decode/raw-element.ts';
import type { LossyCompression } from '../../decode/slice-header.ts';
import { codeSequence, dcm } from '../elements/code.ts';
import { empty, sequence, text as ascii } from '../elements/element.ts';
import type { SourceInstance } from '../result-context.ts';
import { sliceReference } from '../source-images.ts';
import type { TextWriter } from '../elements/text-writer.ts';

/** Source Image Sequence item: what a derived image was made of (PS3.3 §C.7.6.1.1.4, §C.7.6.16.2.6). */
export const sourceImage = (source: SourceInstance, text: TextWriter): RawItem => [
  ...sliceReference(source),
  ascii(0x0028135a, 'CS', 'YES'),
  codeSequence(0x0040a170, dcm('121322', 'Source image for image processing operation'), text),
];

/** What the source lost stays lost (§C.7.6.1.1.5). */
export const lossyHistory = (lossy: LossyCompression | undefined): readonly RawElement[] =>
  lossy === undefined
    ? [ascii(0x00282110, 'CS', '00')]
    : [
        ascii(0x00282110, 'CS', '01'),
        lossy.ratios.length > 0 ? ascii(0x00282112, 'DS', ...lossy.ratios) : empty(0x00282112, 'DS'),
        lossy.methods.length > 0 ? ascii(0x00282114, 'CS', ...lossy.methods) : empty(0x00282114, 'CS'),
      ];

/** Derivation Image Sequence of one frame (§C.7.6.16.2.6). */
export const derivationImage = (source: SourceInstance, derivation: RawElement, text: TextWriter): RawElement =>
  sequence(0x00089124, [sequence(0x00082112, sourceImage(source, text)), derivation]);

/** A code string of a name: capitals, digits and underscores, 16 at most. */
export const contentLabel = (name: string): string =>
  name
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '_')
    .slice(0, 16);
