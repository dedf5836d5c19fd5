import type { ElementValues } from './element-values.ts';

const SHARED_GROUPS = 'x52009229';
const PER_FRAME_GROUPS = 'x52009230';
/** Of a legacy converted image: what its classic images had in their data sets (PS3.3 §C.7.6.16.2.25). */
const SHARED_CONVERTED = 'x00209170';
const PER_FRAME_CONVERTED = 'x00209171';

/** Where the values of one frame are looked up: in its functional groups, and beside them. */
export type FrameValues = {
  /** The item of a functional group macro, of the frame or of all frames (PS3.3 §C.7.6.16.1). */
  readonly group: (sequenceTag: string) => ElementValues | undefined;
  /** Values that a single-frame image has at its top level, and a converted one in its groups; nearest first. */
  readonly plain: readonly ElementValues[];
};

export const hasFunctionalGroups = (image: ElementValues): boolean => image.has(PER_FRAME_GROUPS);

/** How many frames have functional groups of their own. */
export const groupedFrames = (image: ElementValues): number => image.items(PER_FRAME_GROUPS).length;

/** The values of each frame, in the order of the frames. */
export function framesOf(image: ElementValues): readonly FrameValues[] {
  const shared = image.items(SHARED_GROUPS)[0];
  return image.items(PER_FRAME_GROUPS).map((own) => {
    const group = (tag: string): ElementValues | undefined => own.items(tag)[0] ?? shared?.items(tag)[0];
    const converted = [own.items(PER_FRAME_CONVERTED)[0], shared?.items(SHARED_CONVERTED)[0]];
    return { group, plain: [...converted.filter((one) => one !== undefined), image] };
  });
}

/** A single-frame image has no groups; all stands at its top level. */
export const singleFrame = (image: ElementValues): FrameValues => ({ group: () => undefined, plain: [image] });
