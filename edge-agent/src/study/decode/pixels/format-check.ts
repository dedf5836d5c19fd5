import type { TransferSyntax } from '@collimator/shared/dicom/transfer-syntaxes';
import type { PixelFormat } from '../pixel-format.ts';

const colours = ['RGB', 'YBR_FULL', 'YBR_FULL_422', 'YBR_PARTIAL_422', 'YBR_ICT', 'YBR_RCT'];
const known = ['MONOCHROME1', 'MONOCHROME2', 'PALETTE COLOR', ...colours];

/** Bytes of one decoded frame: a sample takes whole bytes, a palette becomes three samples. */
export function decodedFrameBytes({ rows, columns, samplesPerPixel, bitsAllocated, photometric }: PixelFormat): number {
  if (photometric === 'PALETTE COLOR') return rows * columns * 3 * 2;
  return rows * columns * samplesPerPixel * Math.ceil(bitsAllocated / 8);
}

/**
 * Why an image cannot be decoded, judged from its header alone; undefined when it can.
 *
 * @param frameBytesMax bound on one decoded frame
 */
export function whyUnsupported(format: PixelFormat, syntax: TransferSyntax, frameBytesMax: number): string | undefined {
  const { rows, columns, frames, samplesPerPixel, bitsAllocated, photometric, sampleKind } = format;
  if (rows < 1 || columns < 1) return 'no rows or columns';
  if (!Number.isInteger(frames) || frames < 1) return `${frames} frames`;
  const bytes = decodedFrameBytes(format);
  if (bytes > frameBytesMax)
    return `${rows}×${columns} pixels of ${bytes} bytes decoded, at most ${frameBytesMax} (frameBytesMax)`;
  // Only known names go into a message: an unknown one comes from outside and could be anything.
  if (!known.includes(photometric)) return 'an unknown photometric interpretation';
  const samplesNeeded = colours.includes(photometric) ? 3 : 1;
  if (samplesPerPixel !== samplesNeeded) return `${samplesPerPixel} samples per pixel with ${photometric}`;
  if (sampleKind !== 'integer') return whyNoFloat(format, syntax);
  if (![1, 8, 16, 32].includes(bitsAllocated)) return `${bitsAllocated} bits allocated`;
  if (bitsAllocated === 1 && syntax.compression !== undefined) return `1 bit in ${syntax.name}`;
  if (bitsAllocated === 1 && (samplesPerPixel !== 1 || photometric === 'PALETTE COLOR'))
    return `1 bit of ${photometric}`;
  if (photometric.startsWith('YBR') && bitsAllocated > 16) return `${bitsAllocated} bits of ${photometric}`;
  if (photometric.endsWith('_422') && (columns % 2 !== 0 || bitsAllocated !== 8) && syntax.compression === undefined)
    return `${columns} columns of ${bitsAllocated} bits of ${photometric}`;
  return whyNoBits(format);
}

function whyNoBits({ bitsAllocated, bitsStored, highBit }: PixelFormat): string | undefined {
  if (bitsStored >= 1 && highBit < bitsAllocated && highBit + 1 >= bitsStored) return undefined;
  return `${bitsStored} bits stored up to bit ${highBit} of ${bitsAllocated}`;
}

/** PS3.3 §C.7.6.24: one sample, native. */
function whyNoFloat({ bitsAllocated, sampleKind, photometric }: PixelFormat, syntax: TransferSyntax) {
  const bits = sampleKind === 'float' ? 32 : 64;
  if (bitsAllocated !== bits) return `${bitsAllocated} bits allocated in ${sampleKind} pixel data`;
  if (!photometric.startsWith('MONOCHROME')) return `${sampleKind} pixel data of ${photometric}`;
  if (syntax.compression !== undefined) return `${sampleKind} pixel data in ${syntax.name}`;
  return undefined;
}
