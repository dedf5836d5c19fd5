import { type TransferSyntax, transferSyntaxes } from '@collimator/shared/dicom/transfer-syntaxes';

const video: readonly TransferSyntax['compression'][] = ['mpeg2', 'h264', 'hevc'];

/**
 * Transfer syntaxes whose pixels are decoded: all that are accepted but video, which is stored as sent and refused for
 * inference by its name.
 */
export const decodableSyntaxes: readonly string[] = [...transferSyntaxes.values()]
  .filter(({ compression }) => !video.includes(compression))
  .map(({ uid }) => uid);
