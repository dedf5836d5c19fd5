import type { Segment } from '@collimator/shared/contracts/release';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { dcm, sct } from './code.ts';
import type { ContentItem } from './content-item.ts';
import { modelLines } from './notice.ts';
import type { ResultContext, SourceInstance } from './result-context.ts';
import { trackingOf } from './tracking.ts';

const MILLILITRE = { scheme: 'UCUM', code: 'mL', meaning: 'mL' };

/** One measurement of one segment. */
export type VolumeMeasurement = { readonly segment: number; readonly volume_ml: number };

/** TID 1411, Volumetric ROI Measurements and Qualitative Evaluations: one segment of a segmentation and its volume. */
export function measurementGroup(
  segment: Segment,
  volumes_ml: readonly number[],
  source: SourceInstance,
  segUid: string,
  context: ResultContext,
): ContentItem {
  const tracking = trackingOf(context.release, segment, segUid);
  return {
    relationship: 'CONTAINS',
    concept: dcm('125007', 'Measurement Group'),
    value: { type: 'CONTAINER', template: '1411' },
    children: [
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
      {
        relationship: 'CONTAINS',
        concept: dcm('121191', 'Referenced Segment'),
        value: {
          type: 'IMAGE',
          image: { sopClassUid: sopClasses.segmentation, sopInstanceUid: segUid },
          segment: segment.number,
        },
      },
      {
        relationship: 'CONTAINS',
        concept: dcm('121232', 'Source series for segmentation'),
        value: { type: 'UIDREF', uid: source.seriesInstanceUid },
      },
      ...volumes_ml.map((volume_ml) => volumeItem(volume_ml, context)),
    ],
  };
}

/** TID 1419 row for a volume, with the algorithm that measured it. */
const volumeItem = (volume_ml: number, context: ResultContext): ContentItem => ({
  relationship: 'CONTAINS',
  concept: sct('118565006', 'Volume'),
  value: { type: 'NUM', number: volume_ml, unit: MILLILITRE },
  children: algorithmIdentification(context),
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
