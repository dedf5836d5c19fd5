import type { Segment } from '@collimator/shared/contracts/release';
import { sopClasses } from '@collimator/shared/dicom/uids';
import type { MeasuredValue, SegmentFinding } from '../../measure/segment-findings.ts';
import { dcm, sct } from '../elements/code.ts';
import type { ContentItem } from '../elements/content-item.ts';
import { measuredConcept } from './measured-concepts.ts';
import { algorithmOf, modelLines } from '../notice.ts';
import { type RegionFrame, regionItem } from './region-item.ts';
import type { ResultContext, SourceInstance } from '../result-context.ts';
import { imagesOf } from '../source-images.ts';
import { trackingOf } from './tracking.ts';

/** What the groups of a segment speak of: the segment under its tracking UID, measured on these images. */
export type Measured = {
  readonly segment: Segment;
  readonly finding: Pick<SegmentFinding, 'values'>;
  readonly sources: readonly SourceInstance[];
  /** Of the segmentation that was measured, whether it is delivered or not. */
  readonly segUid: string;
};

/** TID 1411, Volumetric ROI Measurements and Qualitative Evaluations: one segment of a segmentation and its values. */
export const segmentGroup = (measured: Measured, context: ResultContext): ContentItem =>
  group('1411', [
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
    ...values(measured, measured.finding.values, [], context),
  ]);

/**
 * TID 1501, Measurement and Qualitative Evaluation Group: the same values where nobody gets the segmentation. TID 1411
 * would need a segment, a region or a surface to refer to, so each measurement names the images it was made on instead
 * (TID 300 with TID 320).
 */
export const imageGroup = (measured: Measured, context: ResultContext): ContentItem =>
  group('1501', [
    ...trackedFinding(measured, context),
    ...values(measured, measured.finding.values, measured.sources, context),
  ]);

/** TID 1410, Planar ROI Measurements and Qualitative Evaluations: the region of a segment on one image. */
export const regionGroup = (
  measured: Measured,
  frame: RegionFrame,
  planar: readonly MeasuredValue[],
  context: ResultContext,
): ContentItem =>
  group('1410', [...trackedFinding(measured, context), regionItem(frame), ...values(measured, planar, [], context)]);

const group = (template: string, children: readonly ContentItem[]): ContentItem => ({
  relationship: 'CONTAINS',
  concept: dcm('125007', 'Measurement Group'),
  value: { type: 'CONTAINER', template },
  children,
});

const seriesUids = ({ sources }: Measured): readonly string[] => [
  ...new Set(sources.map(({ seriesInstanceUid }) => seriesInstanceUid)),
];

/** The rows that all three templates begin with. */
function trackedFinding({ segment, sources }: Measured, { release }: ResultContext): readonly ContentItem[] {
  const tracking = trackingOf(release, segment, sources);
  const site: readonly ContentItem[] =
    segment.anatomy === undefined
      ? []
      : [
          {
            relationship: 'HAS CONCEPT MOD',
            concept: sct('363698007', 'Finding Site'),
            value: { type: 'CODE', code: segment.anatomy },
          },
        ];
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
    ...site,
  ];
}

/** Values (rows of TID 1419, TID 300), each with the algorithm that measured it and the images where it names them itself. */
const values = (
  measured: Measured,
  measuredValues: readonly MeasuredValue[],
  sources: readonly SourceInstance[],
  context: ResultContext,
): readonly ContentItem[] =>
  measuredValues.map(({ kind, value }): ContentItem => {
    const { concept, derivation, unit } = measuredConcept(kind, measured.sources[0]?.modality);
    return {
      relationship: 'CONTAINS',
      concept,
      value: { type: 'NUM', number: value, unit },
      children: [
        ...(derivation === undefined ? [] : [derivedBy(derivation)]),
        ...algorithmIdentification(context),
        ...imagesOf(sources).map(
          (image): ContentItem => ({
            relationship: 'INFERRED FROM',
            concept: dcm('121112', 'Source of Measurement'),
            value: { type: 'IMAGE', image },
          }),
        ),
      ],
    };
  });

const derivedBy = (code: Segment['type']): ContentItem => ({
  relationship: 'HAS CONCEPT MOD',
  concept: dcm('121401', 'Derivation'),
  value: { type: 'CODE', code },
});

/** TID 4019, Algorithm Identification. */
export function algorithmIdentification(context: ResultContext): readonly ContentItem[] {
  const { name, version } = algorithmOf(context);
  const item = (code: string, meaning: string, text: string): ContentItem => ({
    relationship: 'HAS CONCEPT MOD',
    concept: dcm(code, meaning),
    value: { type: 'TEXT', text },
  });
  return [
    item('111001', 'Algorithm Name', name),
    item('111003', 'Algorithm Version', version),
    ...modelLines(context).map((line) => item('111002', 'Algorithm Parameters', line)),
  ];
}
