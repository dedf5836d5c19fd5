import type { SliceGeometry } from '../../decode/slice-header.ts';
import { add, scale, type Vector } from '../../decode/vector.ts';
import { type Outline, type Point, thinned } from '../../measure/outlines.ts';
import { dcm } from '../elements/code.ts';
import type { ContentItem } from '../elements/content-item.ts';
import type { SourceInstance } from '../result-context.ts';
import type { ImageReference } from '../source-images.ts';

/** An outline on an image; with `space` it is written in the coordinates of the patient instead of those of the image. */
export type RegionFrame = {
  readonly outline: Outline;
  readonly image: SourceInstance;
  readonly space?: { readonly geometry: SliceGeometry; readonly frameOfReferenceUid: string };
};

/** Graphic Data has VR FL, whose length is 16 bits in explicit VR: so many numbers fit (PS3.5 §7.1.2). */
export const GRAPHIC_NUMBERS_MAX = Math.floor(0xfffe / 4);

/** Image Region (TID 1410) as SCOORD selected from its image, or as SCOORD3D in its frame of reference. */
export function regionItem({ outline, image, space }: RegionFrame): ContentItem {
  const concept = dcm('111030', 'Image Region');
  // One point more than the outline has: the last is the first again.
  const points = closed(thinned(outline, Math.floor(GRAPHIC_NUMBERS_MAX / (space === undefined ? 2 : 3)) - 1));
  if (space === undefined)
    return {
      relationship: 'CONTAINS',
      concept,
      value: { type: 'SCOORD', graphic: 'POLYLINE', data: points.flatMap(({ column, row }) => [column, row]) },
      children: [{ relationship: 'SELECTED FROM', value: { type: 'IMAGE', image: sliceOf(image) } }],
    };
  return {
    relationship: 'CONTAINS',
    concept,
    value: {
      type: 'SCOORD3D',
      graphic: 'POLYGON',
      data: points.flatMap((point) => placeOf(point, space.geometry)),
      frameOfReferenceUid: space.frameOfReferenceUid,
    },
  };
}

const sliceOf = ({ sopClassUid, sopInstanceUid, frame }: SourceInstance): ImageReference => ({
  ...{ sopClassUid, sopInstanceUid },
  ...(frame !== undefined && { frames: [frame.number] }),
});

const closed = (outline: Outline): Outline => [...outline, ...outline.slice(0, 1)];

/** The place of a point of an image in the patient; the position of an image is the centre of its first pixel. */
export function placeOf({ column, row }: Point, geometry: SliceGeometry): Vector {
  const { position_mm, rowCosines, columnCosines, spacing_mm } = geometry;
  const across = scale(rowCosines, (column - 0.5) * spacing_mm.columns);
  return add(add(position_mm, across), scale(columnCosines, (row - 0.5) * spacing_mm.rows));
}
