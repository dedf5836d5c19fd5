import dicomParser from 'dicom-parser';

/** A Part 10 file, as a sender takes it apart (PS3.10 §7.1). */
export type Part10Parts = {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  /** Everything after the file meta information. */
  readonly dataSet: Uint8Array;
};

/** Takes a file apart that this project wrote or received itself. */
export function part10Parts(bytes: Uint8Array): Part10Parts {
  const meta = dicomParser.parseDicom(bytes, { untilTag: 'x0002ffff' });
  const groupLength = meta.elements['x00020000'];
  const said = meta.uint32('x00020000');
  if (groupLength === undefined || said === undefined) throw new Error('the file meta information has no length');
  return {
    sopClassUid: meta.string('x00020002') ?? '',
    sopInstanceUid: meta.string('x00020003') ?? '',
    transferSyntaxUid: meta.string('x00020010') ?? '',
    dataSet: bytes.subarray(groupLength.dataOffset + groupLength.length + said),
  };
}
