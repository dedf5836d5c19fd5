import { distinctions } from './frame-labels.ts';
import type { Problem } from './problem.ts';
import type { SliceHeader } from './slice-header.ts';

type Key = readonly [string, (slice: SliceHeader) => unknown];

const identity: readonly Key[] = [
  ['patient', (slice) => slice.patientKey],
  ['study', (slice) => slice.studyInstanceUid],
  ['series', (slice) => slice.seriesInstanceUid],
];

/** Whether slices are of more than one patient, study or series; checked of all that were given, used or not. */
export const mixedIdentity = (slices: readonly SliceHeader[]): Problem | undefined => moreThanOne(slices, identity);

/**
 * The indices of the slices that are no localizers (Image Type value 3, PS3.3 §C.8.2.1.1.1): scanners put the overview
 * beside the slices that were planned on it, and it lies across them.
 */
export const withoutLocalizers = (slices: readonly SliceHeader[]): readonly number[] =>
  slices.flatMap(({ imageType }, index) => (imageType?.slice(2).includes('LOCALIZER') ? [] : [index]));

/** Whether slices of one patient and study are of more than one volume, whatever their places are. */
export function mixedVolumes(slices: readonly SliceHeader[]): Problem | undefined {
  const mixed = moreThanOne(slices, [['frame of reference', (slice) => slice.frameOfReferenceUid]]);
  if (mixed !== undefined) return mixed;
  const sizes = [...new Set(slices.map(({ format }) => `${format.rows}×${format.columns}`))].sort();
  if (sizes.length > 1) return { code: 'series-mixed-size', detail: sizes.slice(0, 4).join(', ') };
  const several = distinctions(slices);
  return several.length === 0 ? undefined : { code: 'series-several-volumes', detail: several.join(', ') };
}

function moreThanOne(slices: readonly SliceHeader[], keys: readonly Key[]): Problem | undefined {
  const [first] = slices;
  if (first === undefined) return undefined;
  const mixed = keys.filter(([, key]) => slices.some((slice) => key(slice) !== key(first))).map(([name]) => name);
  return mixed.length === 0 ? undefined : { code: 'series-mixed', detail: `more than one ${mixed.join(', ')}` };
}
