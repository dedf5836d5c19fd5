/**
 * Transfer syntaxes accepted by default (PS3.5 Annex A): stored as sent, so accepting one costs nothing here.
 * JPIP and the real-time video syntaxes are left out because their data sets hold no pixels.
 */
export const defaultTransferSyntaxes: readonly string[] = [
  '1.2.840.10008.1.2.1', // explicit VR little endian
  '1.2.840.10008.1.2', // implicit VR little endian
  '1.2.840.10008.1.2.1.99', // deflated explicit VR little endian
  '1.2.840.10008.1.2.2', // explicit VR big endian
  '1.2.840.10008.1.2.5', // RLE lossless
  '1.2.840.10008.1.2.4.50', // JPEG baseline
  '1.2.840.10008.1.2.4.51', // JPEG extended
  '1.2.840.10008.1.2.4.57', // JPEG lossless
  '1.2.840.10008.1.2.4.70', // JPEG lossless, first-order prediction
  '1.2.840.10008.1.2.4.80', // JPEG-LS lossless
  '1.2.840.10008.1.2.4.81', // JPEG-LS near-lossless
  '1.2.840.10008.1.2.4.90', // JPEG 2000 lossless
  '1.2.840.10008.1.2.4.91', // JPEG 2000
  '1.2.840.10008.1.2.4.201', // HTJ2K lossless
  '1.2.840.10008.1.2.4.202', // HTJ2K lossless, RPCL
  '1.2.840.10008.1.2.4.203', // HTJ2K
  '1.2.840.10008.1.2.4.100', // MPEG-2 main profile, main level
  '1.2.840.10008.1.2.4.100.1', // the same, fragmentable
  '1.2.840.10008.1.2.4.101', // MPEG-2 main profile, high level
  '1.2.840.10008.1.2.4.101.1', // the same, fragmentable
  '1.2.840.10008.1.2.4.102', // MPEG-4 AVC/H.264 high profile
  '1.2.840.10008.1.2.4.102.1', // the same, fragmentable
  '1.2.840.10008.1.2.4.103', // MPEG-4 AVC/H.264 BD-compatible
  '1.2.840.10008.1.2.4.103.1', // the same, fragmentable
  '1.2.840.10008.1.2.4.104', // MPEG-4 AVC/H.264 4.2 for 2D video
  '1.2.840.10008.1.2.4.104.1', // the same, fragmentable
  '1.2.840.10008.1.2.4.105', // MPEG-4 AVC/H.264 4.2 for 3D video
  '1.2.840.10008.1.2.4.105.1', // the same, fragmentable
  '1.2.840.10008.1.2.4.106', // MPEG-4 AVC/H.264 stereo
  '1.2.840.10008.1.2.4.106.1', // the same, fragmentable
  '1.2.840.10008.1.2.4.107', // HEVC/H.265 main profile
  '1.2.840.10008.1.2.4.108', // HEVC/H.265 main 10 profile
];
