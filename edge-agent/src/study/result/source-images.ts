import type { RawItem } from '../decode/raw-element.ts';
import { instanceReference } from './common-modules.ts';
import { is } from './elements/element.ts';
import type { ObjectIdentity } from './elements/part10-file.ts';
import type { SourceInstance } from './result-context.ts';

/** An image that is referred to; `frames` are numbers from 1 on, and not given where the whole image is meant. */
export type ImageReference = ObjectIdentity & { readonly frames?: readonly number[] };

/**
 * The images that a list of slices is of, each once, in the order of their first slice. Frames are named where they
 * are not all of their image: that is when a reference may hold them (PS3.3 Table 10-3).
 */
export function imagesOf(sources: readonly SourceInstance[]): readonly ImageReference[] {
  const images = new Map<string, { readonly source: SourceInstance; readonly frames: Set<number> }>();
  for (const source of sources) {
    const image = images.get(source.sopInstanceUid) ?? { source, frames: new Set() };
    if (source.frame !== undefined) image.frames.add(source.frame.number);
    images.set(source.sopInstanceUid, image);
  }
  return [...images.values()].map(({ source: { sopClassUid, sopInstanceUid, frame }, frames }) =>
    frame === undefined || frames.size === frame.of
      ? { sopClassUid, sopInstanceUid }
      : { sopClassUid, sopInstanceUid, frames: [...frames].sort((a, b) => a - b) },
  );
}

/** The image of one slice, and which frame of it. */
export const sliceReference = ({ sopClassUid, sopInstanceUid, frame }: SourceInstance): RawItem =>
  imageReference({ sopClassUid, sopInstanceUid, ...(frame !== undefined && { frames: [frame.number] }) });

/** Image SOP Instance Reference macro (PS3.3 §10.3). */
export const imageReference = ({ frames = [], ...image }: ImageReference): RawItem => [
  ...instanceReference(image),
  ...(frames.length === 0 ? [] : [is(0x00081160, ...frames)]),
];
