import type { Pixels } from '@collimator/shared/imaging/slice';
import type { PixelFormat } from '../pixel-format.ts';
import { fullRange, interleaved, rgbOfYbr, upsampled422 } from './colour.ts';
import type { FrameCells } from './frame-cells.ts';
import { coloured, type Palette } from './palette.ts';
import { storedValues } from './stored-values.ts';

/** One frame: stored values of a greyscale image (before any rescale), or colours as RGB. */
export type DecodedFrame = {
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: 1 | 3;
  /** Row by row; the three samples of a pixel side by side. */
  readonly samples: Pixels;
  /** Of MONOCHROME1 the lowest value is the brightest; nothing was turned over. */
  readonly photometric: 'MONOCHROME1' | 'MONOCHROME2' | 'RGB';
  /** Of a sample as it is here; of a palette, those of its entries. */
  readonly bitsStored: number;
  readonly signed: boolean;
};

/** What cells mean: values out of their bits, colours as RGB. */
export function decodedFrame(cells: FrameCells, said: PixelFormat, palette: Palette | undefined): DecodedFrame {
  // Samples of a stream lie lowest, wherever the header has its high bit, unless they fill the cell beyond the stored bits.
  const low = cells.precision !== undefined && cells.precision <= said.bitsStored;
  const format = low ? { ...said, highBit: said.bitsStored - 1 } : said;
  const { rows, columns, photometric, bitsStored, signed } = format;
  const pixels = rows * columns;
  const size = { rows, columns };
  if (palette !== undefined) {
    const samples = coloured(storedValues(cells.bytes, format, pixels), palette);
    return { ...size, samplesPerPixel: 3, samples, photometric: 'RGB', bitsStored: palette.bits, signed: false };
  }
  if (photometric === 'MONOCHROME1' || photometric === 'MONOCHROME2') {
    const samples = storedValues(cells.bytes, format, pixels);
    return { ...size, samplesPerPixel: 1, samples, photometric, bitsStored, signed };
  }
  const samples = rgbOf(cells, format);
  return { ...size, samplesPerPixel: 3, samples, photometric: 'RGB', bitsStored, signed };
}

function rgbOf({ bytes, layout, colour }: FrameCells, format: PixelFormat): Pixels {
  const pixels = format.rows * format.columns;
  const values = storedValues(bytes, format, layout === 'pairs-422' ? 2 * pixels : 3 * pixels);
  const samples = layout === 'pairs-422' ? upsampled422(values) : layout === 'planar' ? interleaved(values, 3) : values;
  if (colour === 'rgb' || (colour === 'as-said' && format.photometric === 'RGB')) return samples;
  return rgbOfYbr(
    format.photometric.startsWith('YBR_PARTIAL') && samples instanceof Uint8Array ? fullRange(samples) : samples,
    format.bitsStored,
  );
}
