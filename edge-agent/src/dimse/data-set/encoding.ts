import { IMPLICIT_LITTLE_ENDIAN } from '../uid.ts';

/** How the elements of a small data set are written (PS3.5 §7.1). Big endian and deflated are not for requests and reports. */
export type Encoding = 'implicit' | 'explicit';

export const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';

/** Transfer syntaxes for requests and reports, in order of preference: with its VRs a data set says more. */
export const messageTransferSyntaxes: readonly string[] = [EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN];

/** @throws RangeError for a transfer syntax that is not one of `messageTransferSyntaxes` */
export function encodingOf(transferSyntaxUid: string): Encoding {
  if (transferSyntaxUid === EXPLICIT_LITTLE_ENDIAN) return 'explicit';
  if (transferSyntaxUid === IMPLICIT_LITTLE_ENDIAN) return 'implicit';
  throw new RangeError(`requests and reports are not encoded in ${transferSyntaxUid}`);
}

/** VRs whose length in explicit encoding takes four bytes (PS3.5 §7.1.2). */
export const longVrs: ReadonlySet<string> = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '));
