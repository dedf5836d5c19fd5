import type { Code } from '@collimator/shared/contracts/release';
import { dcm } from '../elements/code.ts';
import { equipment } from '../common-modules.ts';
import type { ContentItem } from '../elements/content-item.ts';
import { derivedUid } from '../elements/derived-uid.ts';
import type { ResultContext, SourceInstance } from '../result-context.ts';
import { imagesOf } from '../source-images.ts';

/** TID 1204: what our own text is written in. */
export const language: ContentItem = {
  relationship: 'HAS CONCEPT MOD',
  concept: dcm('121049', 'Language of Content Item and Descendants'),
  value: { type: 'CODE', code: { scheme: 'RFC5646', code: 'en-US', meaning: 'English (United States)' } },
};

/** The rows of TID 1500 before the findings: language, observer, procedure, image library (PS3.16). */
export function reportContext(context: ResultContext, sources: readonly SourceInstance[]): readonly ContentItem[] {
  return [
    language,
    ...deviceObserver(context.device),
    {
      relationship: 'HAS CONCEPT MOD',
      concept: dcm('121058', 'Procedure reported'),
      value: { type: 'CODE', code: procedureOf(sources[0]?.modality) },
    },
    imageLibrary(sources),
  ];
}

/** TID 1004, Device Observer Identifying Attributes. */
export function deviceObserver(device: ResultContext['device']): readonly ContentItem[] {
  const attribute = (code: string, meaning: string, text: string): ContentItem => ({
    relationship: 'HAS OBS CONTEXT',
    concept: dcm(code, meaning),
    value: { type: 'TEXT', text },
  });
  return [
    {
      relationship: 'HAS OBS CONTEXT',
      concept: dcm('121005', 'Observer Type'),
      value: { type: 'CODE', code: dcm('121007', 'Device') },
    },
    {
      relationship: 'HAS OBS CONTEXT',
      concept: dcm('121012', 'Device Observer UID'),
      value: { type: 'UIDREF', uid: derivedUid('device', device.id) },
    },
    attribute('121013', 'Device Observer Name', device.id),
    attribute('121014', 'Device Observer Manufacturer', equipment.manufacturer),
    attribute('121015', 'Device Observer Model Name', equipment.model),
    attribute('121016', 'Device Observer Serial Number', device.id),
  ];
}

/** CID 100, Quantitative Diagnostic Imaging Procedures, by the modality of the source. */
const procedures: Readonly<Record<string, Code>> = {
  CT: { scheme: 'LN', code: '25045-6', meaning: 'CT unspecified body region' },
  MR: { scheme: 'LN', code: '25056-3', meaning: 'MRI unspecified body region' },
  NM: { scheme: 'LN', code: '49118-3', meaning: 'NM unspecified body region' },
  PT: { scheme: 'LN', code: '44136-0', meaning: 'PET unspecified body region' },
};
const anyProcedure: Code = { scheme: 'SCT', code: '363679005', meaning: 'Imaging procedure' };

const procedureOf = (modality: string | undefined): Code => procedures[modality ?? ''] ?? anyProcedure;

/** CID 29, Acquisition Modality. */
const modalities: Readonly<Record<string, string>> = {
  CT: 'Computed Tomography',
  MR: 'Magnetic Resonance',
  NM: 'Nuclear Medicine',
  PT: 'Positron emission tomography',
  CR: 'Computed Radiography',
  DX: 'Digital Radiography',
  US: 'Ultrasound',
  IO: 'Intra-oral Radiography',
  MG: 'Mammography',
  PX: 'Panoramic X-Ray',
  RF: 'Radiofluoroscopy',
  RG: 'Radiographic imaging',
  XA: 'X-Ray Angiography',
};

/** TID 1600 with TID 1601 and 1602: every source image, grouped, with its modality. */
function imageLibrary(sources: readonly SourceInstance[]): ContentItem {
  const modality = sources[0]?.modality ?? '';
  const meaning = modalities[modality];
  const descriptors: readonly ContentItem[] =
    meaning === undefined
      ? []
      : [
          {
            relationship: 'HAS ACQ CONTEXT',
            concept: dcm('121139', 'Modality'),
            value: { type: 'CODE', code: dcm(modality, meaning) },
          },
        ];
  return {
    relationship: 'CONTAINS',
    concept: dcm('111028', 'Image Library'),
    value: { type: 'CONTAINER' },
    children: [
      {
        relationship: 'CONTAINS',
        concept: dcm('126200', 'Image Library Group'),
        value: { type: 'CONTAINER' },
        children: [
          ...descriptors,
          ...imagesOf(sources).map(
            (image): ContentItem => ({ relationship: 'CONTAINS', value: { type: 'IMAGE', image } }),
          ),
        ],
      },
    ],
  };
}
