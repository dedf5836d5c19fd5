/** A transfer syntax (PS3.5 Annex A): how a data set is written, and how its pixels are. */
export type TransferSyntax = {
  readonly uid: string;
  readonly name: string;
  readonly vr: 'implicit' | 'explicit';
  readonly byteOrder: 'little' | 'big';
  /** The whole data set is one deflate stream (PS3.5 §A.5). */
  readonly deflated: boolean;
  /** Pixel data in fragments; undefined for native pixels. */
  readonly compression: 'rle' | 'jpeg' | 'jpeg-ls' | 'jpeg-2000' | 'htj2k' | 'mpeg2' | 'h264' | 'hevc' | undefined;
};

const native = (uid: string, name: string, differs: Partial<TransferSyntax> = {}): TransferSyntax => ({
  uid,
  name,
  vr: 'explicit',
  byteOrder: 'little',
  deflated: false,
  compression: undefined,
  ...differs,
});

const compressed = (last: string, name: string, compression: TransferSyntax['compression']): TransferSyntax =>
  native(`1.2.840.10008.1.2.${last}`, name, { compression });

const table: readonly TransferSyntax[] = [
  native('1.2.840.10008.1.2', 'Implicit VR Little Endian', { vr: 'implicit' }),
  native('1.2.840.10008.1.2.1', 'Explicit VR Little Endian'),
  native('1.2.840.10008.1.2.1.99', 'Deflated Explicit VR Little Endian', { deflated: true }),
  native('1.2.840.10008.1.2.2', 'Explicit VR Big Endian', { byteOrder: 'big' }),
  compressed('5', 'RLE Lossless', 'rle'),
  compressed('4.50', 'JPEG Baseline', 'jpeg'),
  compressed('4.51', 'JPEG Extended', 'jpeg'),
  compressed('4.57', 'JPEG Lossless', 'jpeg'),
  compressed('4.70', 'JPEG Lossless, First-Order Prediction', 'jpeg'),
  compressed('4.80', 'JPEG-LS Lossless', 'jpeg-ls'),
  compressed('4.81', 'JPEG-LS Near-Lossless', 'jpeg-ls'),
  compressed('4.90', 'JPEG 2000 Lossless', 'jpeg-2000'),
  compressed('4.91', 'JPEG 2000', 'jpeg-2000'),
  compressed('4.201', 'HTJ2K Lossless', 'htj2k'),
  compressed('4.202', 'HTJ2K Lossless, RPCL', 'htj2k'),
  compressed('4.203', 'HTJ2K', 'htj2k'),
  compressed('4.100', 'MPEG-2 Main Profile, Main Level', 'mpeg2'),
  compressed('4.100.1', 'Fragmentable MPEG-2 Main Profile, Main Level', 'mpeg2'),
  compressed('4.101', 'MPEG-2 Main Profile, High Level', 'mpeg2'),
  compressed('4.101.1', 'Fragmentable MPEG-2 Main Profile, High Level', 'mpeg2'),
  compressed('4.102', 'MPEG-4 AVC/H.264 High Profile', 'h264'),
  compressed('4.102.1', 'Fragmentable MPEG-4 AVC/H.264 High Profile', 'h264'),
  compressed('4.103', 'MPEG-4 AVC/H.264 BD-compatible', 'h264'),
  compressed('4.103.1', 'Fragmentable MPEG-4 AVC/H.264 BD-compatible', 'h264'),
  compressed('4.104', 'MPEG-4 AVC/H.264 for 2D Video', 'h264'),
  compressed('4.104.1', 'Fragmentable MPEG-4 AVC/H.264 for 2D Video', 'h264'),
  compressed('4.105', 'MPEG-4 AVC/H.264 for 3D Video', 'h264'),
  compressed('4.105.1', 'Fragmentable MPEG-4 AVC/H.264 for 3D Video', 'h264'),
  compressed('4.106', 'MPEG-4 AVC/H.264 Stereo', 'h264'),
  compressed('4.106.1', 'Fragmentable MPEG-4 AVC/H.264 Stereo', 'h264'),
  compressed('4.107', 'HEVC/H.265 Main Profile', 'hevc'),
  compressed('4.108', 'HEVC/H.265 Main 10 Profile', 'hevc'),
];

export const transferSyntaxes: ReadonlyMap<string, TransferSyntax> = new Map(table.map((entry) => [entry.uid, entry]));

export const IMPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2';
export const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
