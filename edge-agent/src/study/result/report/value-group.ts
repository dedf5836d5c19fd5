import type { Code } from '@collimator/shared/contracts/release';
import { dcm, sct } from '../elements/code.ts';
import type { ContentItem } from '../elements/content-item.ts';
import type { ResultContext, SourceInstance } from '../result-context.ts';
import { imagesOf } from '../source-images.ts';
import { algorithmIdentification } from './measurement-group.ts';
import { type RegionFrame, regionItem } from './region-item.ts';
import { trackingOf } from './tracking.ts';

/** A number with what it is of and its unit. */
export type NamedValue = { readonly concept: Code; readonly unit: Code; readonly value: number };

/** What a model says of a series, or of a region of one of its images, in numbers. */
export type ValueGroup = {
  readonly label: string;
  /** No other group of the release has it. */
  readonly key: string;
  readonly finding?: Code;
  readonly anatomy?: Code;
  readonly values: readonly NamedValue[];
  /** The images that the values are of; where a region is given, it names its own. */
  readonly images: readonly SourceInstance[];
  readonly region?: RegionFrame;
};

/**
 * TID 1501 for a value that is of images, TID 1410 for one that is of a region; the numbers are rows of TID 300, each
 * with the algorithm it is of and, where there is no region, its images (TID 320).
 *
 * @param sources all images of the series
 */
export function valueGroup(group: ValueGroup, sources: readonly SourceInstance[], context: ResultContext): ContentItem {
  const { label, key, finding, anatomy, values, region } = group;
  const tracking = trackingOf(context.release, { label, number: key }, sources);
  const children: ContentItem[] = [
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
  ];
  if (finding !== undefined)
    children.push({
      relationship: 'CONTAINS',
      concept: dcm('121071', 'Finding'),
      value: { type: 'CODE', code: finding },
    });
  if (anatomy !== undefined)
    children.push({
      relationship: 'HAS CONCEPT MOD',
      concept: sct('363698007', 'Finding Site'),
      value: { type: 'CODE', code: anatomy },
    });
  if (region !== undefined) children.push(regionItem(region));
  const images = region === undefined ? imagesOf(group.images) : [];
  for (const { concept, unit, value } of values)
    children.push({
      relationship: 'CONTAINS',
      concept,
      value: { type: 'NUM', number: value, unit },
      children: [
        ...algorithmIdentification(context),
        ...images.map(
          (image): ContentItem => ({
            relationship: 'INFERRED FROM',
            concept: dcm('121112', 'Source of Measurement'),
            value: { type: 'IMAGE', image },
          }),
        ),
      ],
    });
  return {
    relationship: 'CONTAINS',
    concept: dcm('125007', 'Measurement Group'),
    value: { type: 'CONTAINER', template: region === undefined ? '1501' : '1410' },
    children,
  };
}
