import type { TransferSyntax } from '@collimator/shared/dicom/transfer-syntaxes';
import { ok, type Result } from '@collimator/shared/result';
import type { PixelFormat } from '../pixel-format.ts';
import { decodeJpeg } from './decode-jpeg.ts';
import { decodeJpeg2000 } from './decode-jpeg-2000.ts';
import { decodeJpegLs } from './decode-jpeg-ls.ts';
import type { FrameCells } from './frame-cells.ts';
import type { PixelCodecs } from './pixel-codecs.ts';
import { decodeRle } from './rle.ts';

/** Undoes the compression of one frame; `error` says what is wrong with the stream. */
export async function decodeFrame(
  frame: Uint8Array,
  format: PixelFormat,
  syntax: TransferSyntax,
  codecs: PixelCodecs,
): Promise<Result<FrameCells, string>> {
  switch (syntax.compression) {
    case undefined:
      return ok({ bytes: frame, layout: nativeLayout(format), colour: 'as-said' });
    case 'rle': {
      const { rows, columns, bitsAllocated, samplesPerPixel } = format;
      const bytes = decodeRle(frame, bitsAllocated / 8, rows * columns, samplesPerPixel);
      return bytes.ok ? ok({ bytes: bytes.value, layout: 'interleaved', colour: 'as-said' }) : bytes;
    }
    case 'jpeg-ls':
      return decodeJpegLs(frame, format, codecs.jpegLs);
    case 'jpeg':
      return decodeJpeg(frame, format, codecs.jpeg);
    case 'jpeg-2000':
      return decodeJpeg2000(frame, format, codecs.jpeg2000, 'JPEG 2000');
    case 'htj2k':
      return decodeJpeg2000(frame, format, codecs.htj2k, 'HTJ2K');
    case 'mpeg2':
    case 'h264':
    case 'hevc':
      throw new Error(`${syntax.name} was let through to be decoded`);
  }
}

function nativeLayout({ photometric, samplesPerPixel, planarConfiguration }: PixelFormat): FrameCells['layout'] {
  if (photometric.endsWith('_422')) return 'pairs-422';
  return samplesPerPixel > 1 && planarConfiguration === 1 ? 'planar' : 'interleaved';
}
