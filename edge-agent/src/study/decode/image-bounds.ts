/** What one image may take; a file of a few bytes must not become any amount of memory or time. */
export type ImageBounds = {
  /** First piece of a file that is read for its header; doubled until the header is whole. */
  readonly headBytesFirst: number;
  /** Everything before the pixel data. */
  readonly headBytesMax: number;
  /** One frame, compressed and decoded. */
  readonly frameBytesMax: number;
  /** A deflated data set (PS3.5 §A.5), which is held whole, as it lies in its file. */
  readonly deflatedBytesMax: number;
  /** Pieces of compressed pixel data in one file. */
  readonly fragmentsMax: number;
};

export const defaultImageBounds: ImageBounds = {
  headBytesFirst: 16_384,
  headBytesMax: 268_435_456,
  frameBytesMax: 268_435_456,
  deflatedBytesMax: 268_435_456,
  fragmentsMax: 1_000_000,
};
