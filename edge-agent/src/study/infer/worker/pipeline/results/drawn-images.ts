import { sopClasses } from '@collimator/shared/dicom/uids';
import type { SliceHeader } from '../../../../decode/slice-header.ts';
import { derivedUid } from '../../../../result/elements/derived-uid.ts';
import { grouped } from '../../../../result/grouped.ts';
import { type Annotated, buildPresentationState } from '../../../../result/image/presentation-state.ts';
import { buildSecondaryCapture } from '../../../../result/image/secondary-capture.ts';
import { storedWindowOf } from '../../../../result/image/window.ts';
import { identity, type ResultInput, type ResultWriter } from './result-writer.ts';

/** What is drawn on a slice. */
export type Drawn = {
  /** Index in the volume. */
  readonly slice: number;
  /** Whose rims are painted on a key image; rows × columns, 0 or not. Of many slices few are painted. */
  readonly masks: Iterable<Uint8Array>;
  readonly outlines: Annotated['outlines'];
};

/** Secondary captures of some slices, with what is drawn on them. */
export async function putKeyImages(
  { job, context, images, slice }: ResultInput,
  slices: readonly number[],
  drawn: readonly Drawn[],
  { put }: Pick<ResultWriter, 'put'>,
): Promise<void> {
  const { window } = job.style.keyImages;
  const scSeries = derivedUid('secondary capture series', job.uids.sr);
  for (const [i, at] of slices.entries()) {
    const sc = derivedUid('secondary capture', job.uids.sr, String(i + 1));
    const file = buildSecondaryCapture({
      ...context,
      uids: { sc, scSeries },
      number: i + 1,
      source: images.slices[at] as SliceHeader,
      slice: await slice(at),
      masks: drawn.find((one) => one.slice === at)?.masks ?? [],
      ...(window !== undefined && { window }),
    });
    await put('SC', identity(sopClasses.secondaryCapture, sc, scSeries), file);
  }
}

/**
 * A presentation state of every image on which something is drawn. One state turns all of its images over or none
 * (Presentation LUT Shape), so there is a second one where a series holds MONOCHROME1 and MONOCHROME2.
 */
export async function putAnnotations(
  { job, context, images, slice }: ResultInput,
  drawn: readonly Drawn[],
  { put }: Pick<ResultWriter, 'put'>,
): Promise<void> {
  const { window: asked } = job.style.keyImages;
  const annotated: Annotated[] = [];
  for (const { slice: at, outlines } of drawn) {
    const source = images.slices[at] as SliceHeader;
    annotated.push({ source, outlines, window: await storedWindowOf(source, () => slice(at), asked) });
  }
  for (const [i, shown] of byPhotometric(annotated).entries()) {
    const which = i === 0 ? [] : [String(i + 1)];
    const uids = {
      pr: derivedUid('presentation state', job.uids.sr, ...which),
      prSeries: derivedUid('presentation state series', job.uids.sr),
    };
    const file = buildPresentationState({ ...context, uids, images: shown, number: i + 1 });
    await put('GSPS', identity(sopClasses.grayscaleSoftcopyPresentationState, uids.pr, uids.prSeries), file);
  }
}

/** A list at least: that nothing is drawn is for the builder to refuse. */
function byPhotometric(annotated: readonly Annotated[]): readonly (readonly Annotated[])[] {
  const groups = grouped(annotated, ({ source }) => source.format.photometric);
  return groups.length === 0 ? [annotated] : groups;
}
