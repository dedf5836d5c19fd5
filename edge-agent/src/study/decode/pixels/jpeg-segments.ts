/** A marker segment of a JPEG or JPEG-LS stream (ITU-T T.81 §B.1.1.4). */
export type JpegSegment = {
  /** Second byte of the marker. */
  readonly marker: number;
  /** What follows the length. */
  readonly content: Uint8Array;
  /** Where the next segment, or the coded data of a scan, begins. */
  readonly end: number;
};

const MARKER = 0xff;
export const END_OF_IMAGE = 0xd9;
export const START_OF_SCAN = 0xda;

/** The segment that begins at `at`, fill bytes skipped; undefined where there is no whole one. */
export function jpegSegmentAt(stream: Uint8Array, at: number): JpegSegment | undefined {
  let from = at;
  if (stream[from] !== MARKER) return undefined;
  while (stream[from + 1] === MARKER) from += 1;
  const marker = stream[from + 1];
  if (marker === undefined) return undefined;
  if (marker === END_OF_IMAGE) return { marker, content: stream.subarray(from + 2, from + 2), end: from + 2 };
  if (from + 4 > stream.length) return undefined;
  const length = ((stream[from + 2] as number) << 8) | (stream[from + 3] as number);
  const end = from + 2 + length;
  if (length < 2 || end > stream.length) return undefined;
  return { marker, content: stream.subarray(from + 4, end), end };
}

/** The segments of a stream up to its first scan, which is the last one given. */
export function* segmentsBeforeScan(stream: Uint8Array): Generator<JpegSegment> {
  if (stream[0] !== MARKER || stream[1] !== 0xd8) return;
  for (let at = 2; ; ) {
    const segment = jpegSegmentAt(stream, at);
    if (segment === undefined || segment.marker === END_OF_IMAGE) return;
    yield segment;
    if (segment.marker === START_OF_SCAN) return;
    at = segment.end;
  }
}

export const word = (bytes: Uint8Array, at: number): number => ((bytes[at] as number) << 8) | (bytes[at + 1] as number);

/** Whether a stream ends with the end of its image, or its codestream, and at most a byte of padding behind it. */
export function endsWithMarker(stream: Uint8Array): boolean {
  const end = stream.at(-1) === 0 ? stream.length - 1 : stream.length;
  return stream[end - 2] === MARKER && stream[end - 1] === END_OF_IMAGE;
}
