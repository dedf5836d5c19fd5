import type { SourceSlice } from '@collimator/shared/imaging/slice';
import type { DeclaredWindow, SliceHeader } from '../../decode/slice-header.ts';

const SHARE_CUT = 0.005;

/** The window that is asked for, or that the source declares for values as we decode them. */
export const windowDeclared = (
  header: Pick<SliceHeader, 'window' | 'format'>,
  asked?: DeclaredWindow,
): DeclaredWindow | undefined => asked ?? (header.format.photometric === 'MONOCHROME1' ? undefined : header.window);

/**
 * The window to look at a slice through: what is asked for, else what the source declares, else one that holds all but
 * the outermost values. The window of a MONOCHROME1 image speaks of values that our decoder has turned over, so it is
 * not used.
 */
export function windowOf(
  slice: SourceSlice,
  header: Pick<SliceHeader, 'window' | 'format'>,
  asked?: DeclaredWindow,
): DeclaredWindow {
  const declared = windowDeclared(header, asked);
  if (declared !== undefined) return declared;
  const { slope = 1, intercept = 0 } = slice;
  const sorted = Float64Array.from(slice.pixels, (value) => value * slope + intercept).sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const [low, high] = [at(SHARE_CUT), at(1 - SHARE_CUT)];
  return { center: (low + high) / 2, width: Math.max(1, high - low) };
}

/**
 * A window for whoever sees the values as they are stored, such as a presentation state, which turns MONOCHROME1 over
 * after its window: what the source declares is just that, any other window is of values that were turned over.
 *
 * @param slice is asked for where nobody says how to see it
 */
export async function storedWindowOf(
  header: Pick<SliceHeader, 'window' | 'format' | 'slope' | 'intercept'>,
  slice: () => Promise<SourceSlice>,
  asked?: DeclaredWindow,
): Promise<DeclaredWindow> {
  if (header.format.photometric !== 'MONOCHROME1')
    return windowDeclared(header, asked) ?? windowOf(await slice(), header, asked);
  if (asked === undefined && header.window !== undefined) return header.window;
  const { center, width } = asked ?? windowOf(await slice(), header);
  const { format, slope, intercept } = header;
  // What a value and its inverse add up to (pixels/stored-values.ts), rescaled.
  const ends = format.sampleKind !== 'integer' ? 0 : format.signed ? -1 : 2 ** format.bitsStored - 1;
  return { center: slope * ends + 2 * intercept - center, width };
}

/** Values as grey levels of 8 bits, by the linear function of PS3.3 §C.11.2.1.2.1. */
export function windowed(slice: SourceSlice, { center, width }: DeclaredWindow): Uint8Array {
  const { slope = 1, intercept = 0 } = slice;
  const grey = new Uint8Array(slice.pixels.length);
  const [low, high] = [center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2];
  for (let i = 0; i < grey.length; i++) {
    const value = (slice.pixels[i] as number) * slope + intercept;
    grey[i] = value <= low ? 0 : value > high ? 255 : Math.round(((value - (center - 0.5)) / (width - 1) + 0.5) * 255);
  }
  return grey;
}
