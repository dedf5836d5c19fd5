import type { Segment } from '@collimator/shared/contracts/release';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { dcm, sct } from './code.ts';
import type { ContentItem } from './content-item.ts';
import { modelLines } from './notice.ts';
import type { ResultContext, SourceInstance } from './result-context.ts';
import { imagesOf } from './source-images.ts';
import { trackingOf } from './tracking.ts';

const MILLILITRE = { scheme: 'UCUM', code: 'mL', meaning: 'mL' };

/** One measurement of one segment. */
export type VolumeMeasurement = { readonly segment: number; readonly volume_ml: number };

/** What a group speaks of: a segment under its tracking UID, measured on these images. */
export type Measured = {
  readonly segment: Segment;
  readonly volumes_ml: readonly number[];
  readonly sources: readonly SourceInstance[];
  /** Of the segmentation that was measured, whether it is delivered or not. */
  readonly segUid: string;
};

/** TID 1411, Volumetric ROI Measurements and Qualitative Evaluations: one segment of a segmentation and its volume. */
export const segmentGroup = (measured: Measured, context: ResultContext): ContentItem => ({
  relationship: 'CONTAINS',
  concept: dcm('125007', 'Measurement Group'),
  value: { type: 'CONTAINER', template: '1411' },
  children: [
    ...trackedFinding(measured, context),
    {
      relationship: 'CONTAINS',
      concept: dcm('121191', 'Referenced Segment'),
      value: {
        type: 'IMAGE',
        image: { sopClassUid: sopClasses.segmentation, sopInstanceUid: measured.segUid },
        segment: measured.segment.number,
      },
    },
    ...seriesUids(measured).map(
      (uid): ContentItem => ({
        relationship: 'CONTAINS',
        concept: dcm('121232', 'Source series for segmentation'),
        value: { type: 'UIDREF', uid },
      }),
    ),
    ...measured.volumes_ml.map((volume_ml) => volumeItem(volume_ml, [], context)),
  ],
});

/**
 * TID 1501, Measurement and Qualitative Evaluation Group: the same volume where nobody gets the segmentation. TID 1411
 * would need a segment, a region or a surface to refer to, so each measurement names the images it was made on instead
 * (TID 300 with TID 320).
 */
export const imageGroup = (measured: Measured, context: ResultContext): ContentItem => ({
  relationship: 'CONTAINS',
  concept: dcm('125007', 'Measurement Group'),
  value: { type: 'CONTAINER', template: '1501' },
  children: [
    ...trackedFinding(measured, context),
    ...measured.volumes_ml.map((volume_ml) => volumeItem(volume_ml, measured.sources, context)),
  ],
});

const seriesUids = ({ sources }: Measured): readonly string[] => [
  ...new Set(sources.map(({ seriesInstanceUid }) => seriesInstanceUid)),
];

/** The rows that both templates begin with. */
function trackedFinding({ segment, segUid }: Measured, { release }: ResultContext): readonly ContentItem[] {
  const tracking = trackingOf(release, segment, segUid);
  return [
    {
      relationship: 'HAS OBS CONTEXT',
      concept: dcm('112039', 'Tracking Identifier'),
      value: { type: 'TEXT', text: tracking.identifier },
    },
    {
      relationship: 'HAS OBS CONTEXT',
      concept: dcm('112040', 'Tracking Unique Identifier'),
      value: { type: 'UIDREF', uid: tracking.uid },
    },
    {
      relationship: 'CONTAINS',
      concept: dcm('121071', 'Finding'),
      value: { type: 'CODE', code: segment.type },
    },
  ];
}

/** A volume (row of TID 1419, TID 300) with the algorithm that measured it, and the images where they say it themselves. */
const volumeItem = (volume_ml: number, sources: readonly SourceInstance[], context: ResultContext): ContentItem => ({
  relationship: 'CONTAINS',
  concept: sct('118565006', 'Volume'),
  value: { type: 'NUM', number: volume_ml, unit: MILLILITRE },
  children: [
    ...algorithmIdentification(context),
    ...imagesOf(sources).map(
      (image): ContentItem => ({
        relationship: 'INFERRED FROM',
        concept: dcm('121112', 'Source of Measurement'),
        value: { type: 'IMAGE', image },
      }),
    ),
  ],
});

/** TID 4019, Algorithm Identification. */
export function algorithmIdentification({ release, releaseSha256 }: ResultContext): readonly ContentItem[] {
  const item = (code: string, meaning: string, text: string): ContentItem => ({
    relationship: 'HAS CONCEPT MOD',
    concept: dcm(code, meaning),
    value: { type: 'TEXT', text },
  });
  return [
    item('111001', 'Algorithm Name', release.name),
    item('111003', 'Algorithm Version', release.version),
    ...modelLines(release, releaseSha256).map((line) => item('111002', 'Algorithm Parameters', line)),
  ];
}
