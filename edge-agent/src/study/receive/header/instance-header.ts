import type { PatientIdentity } from './patient-key.ts';

/** (0008,0070) and (0008,1090). */
export type Equipment = { readonly manufacturer: string; readonly model: string };

/** What the appliance knows of a stored instance: read once when it arrives, kept in the index. Absent values are null. */
export type InstanceHeader = {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly frameOfReferenceUid: string | null;
  /** (0008,0014): who made the object; see own-objects.ts. */
  readonly instanceCreatorUid: string | null;
  /** Manufacturer and model of what contributed to it (0018,A001); absent where the object names none. */
  readonly contributors?: readonly Equipment[];
  /** Never logged and never stored as it is: the index keeps a keyed digest. */
  readonly patient: PatientIdentity;
  readonly modality: string | null;
  readonly bodyPart: string | null;
  readonly seriesDescription: string | null;
  readonly instanceNumber: number | null;
  readonly rows: number | null;
  readonly columns: number | null;
  readonly numberOfFrames: number | null;
  /** x, y, z of the first voxel's centre (0020,0032). */
  readonly imagePosition_mm: readonly number[] | null;
  /** Direction cosines of a row, then of a column (0020,0037); six numbers. */
  readonly imageOrientation: readonly number[] | null;
  /** Between rows, then between columns (0028,0030). */
  readonly pixelSpacing_mm: readonly number[] | null;
  readonly sliceThickness_mm: number | null;
  readonly transferSyntaxUid: string;
  /** Of the data set as sent, without preamble and file meta; lower-case hex. */
  readonly dataSetSha256: string;
  readonly dataSetBytes: number;
  /** Title of the sender in the association; also the file's Source Application Entity Title (0002,0016). */
  readonly callingAeTitle: string;
  readonly calledAeTitle: string;
  readonly remoteAddress: string;
  readonly associationId: string;
  /** Who asked the sender for it by C-MOVE, where the sender says so. */
  readonly moveOriginatorAeTitle?: string;
};

/** The part of the header that is in the data set itself. */
export type DataSetHeader = Omit<
  InstanceHeader,
  | 'transferSyntaxUid'
  | 'dataSetSha256'
  | 'dataSetBytes'
  | 'callingAeTitle'
  | 'calledAeTitle'
  | 'remoteAddress'
  | 'associationId'
  | 'moveOriginatorAeTitle'
>;
