/** Stored pixel values of one image, row by row. */
export type Pixels =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** Stored values from `low` to `high`, both included. */
export type PaddingRange = { readonly low: number; readonly high: number };

/** One decoded single-channel slice as it came from its file, before anything was applied. */
export type SourceSlice = {
  readonly pixels: Pixels;
  readonly rows: number;
  readonly columns: number;
  /** Rescale Slope (0028,1053); 1 where the image has none. */
  readonly slope?: number;
  /** Rescale Intercept (0028,1052); 0 where the image has none. */
  readonly intercept?: number;
  /** Values of `pixels` that fill up the matrix and are no image (0028,0120 and 0028,0121); see preprocess.ts. */
  readonly padding?: PaddingRange;
};

/**
 * The slices of a series in order. An array is one; a source that decodes on demand is another, so that a series of
 * thousands of images is never in memory at once. `at` may be called more than once for the same index and must
 * give the same pixels each time.
 */
export type SeriesSlices = { readonly length: number; at(index: number): SourceSlice | undefined };

/** Memory for so many values, all of them 0. */
export type MakeValues = (length: number) => Float32Array;

export const newValues: MakeValues = (length) => new Float32Array(length);

/** A float image on its way through the ops; where there are several channels, one after the other. */
export type Plane = {
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
  /** 1 when not given. */
  readonly channels?: number;
};
