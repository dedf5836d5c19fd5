import type { PaddingRange } from '@collimator/shared/imaging/slice';
import type { FrameLabels } from './frame-labels.ts';
import type { PixelFormat } from './pixel-format.ts';
import type { Vector } from './vector.ts';

export type { PixelFormat } from './pixel-format.ts';

/** Where a slice lies (PS3.3 §C.7.6.2): the centre of its first voxel, its axes, and the distance of its voxels. */
export type SliceGeometry = {
  readonly position_mm: Vector;
  /** Direction of a row: where the column index grows. */
  readonly rowCosines: Vector;
  /** Direction of a column: where the row index grows. */
  readonly columnCosines: Vector;
  /** Between rows, between columns. */
  readonly spacing_mm: { readonly rows: number; readonly columns: number };
};

/** Lossy compression that the source went through before us (PS3.3 §C.7.6.1.1.5). */
export type LossyCompression = { readonly ratios: readonly string[]; readonly methods: readonly string[] };

/** Which frame of a multi-frame image a slice is: its number from 1 on, as references to it say, and how many there are. */
export type FrameOfImage = { readonly number: number; readonly of: number };

/** Window centre and width of the first window that a frame declares (PS3.3 §C.11.2.1.2), in rescaled values. */
export type DeclaredWindow = { readonly center: number; readonly width: number };

/**
 * What the way from slice to result needs of one slice; plain data, so that it can go between threads. A slice is a
 * single-frame image, or one frame of a multi-frame image.
 */
export type SliceHeader = {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly frameOfReferenceUid: string | undefined;
  readonly transferSyntaxUid: string;
  readonly modality: string | undefined;
  readonly instanceNumber: number | undefined;
  readonly sliceThickness_mm: number | undefined;
  readonly format: PixelFormat;
  readonly slope: number;
  readonly intercept: number;
  readonly geometry: SliceGeometry | undefined;
  /**
   * Distance of pixels in the patient, of a projection that was calibrated (PS3.3 §10.7.1.3): between rows, between
   * columns. What a projection says without that is of the detector, or nobody knows of what.
   */
  readonly calibrated_mm?: SliceGeometry['spacing_mm'];
  readonly lossy: LossyCompression | undefined;
  /** Digest of patient ID and its issuer: two slices of one patient have the same. */
  readonly patientKey: string;
  /** Not given for a single-frame image. */
  readonly frame?: FrameOfImage;
  /** Image Type or Frame Type (PS3.3 §C.7.6.1.1.2, §C.8.16.1), e.g. ORIGINAL, PRIMARY, AXIAL. */
  readonly imageType?: readonly string[];
  /** What tells volumes of one series apart. */
  readonly labels?: FrameLabels;
  readonly window?: DeclaredWindow;
  /** Stored values that are no image (PS3.3 §C.7.5.1.1.2), as they stand in the file: before MONOCHROME1 is turned over. */
  readonly padding?: PaddingRange;
  /** Why its values cannot be used although they can be decoded. */
  readonly unusable?: string;
};
