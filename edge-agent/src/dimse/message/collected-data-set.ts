/** Longest data set of a request or response that is taken as a whole, bytes: a report on 20,000 instances. */
export const COLLECTED_BYTES_MAX = 4 * 1024 * 1024;

export type CollectedDataSet = {
  push(bytes: Uint8Array): void;
  /** What came, or undefined when it was more than the bound; the bytes beyond it were not kept. */
  take(): Buffer | undefined;
};

/** Puts the fragments of a small data set together. */
export function collectDataSet(bytesMax = COLLECTED_BYTES_MAX): CollectedDataSet {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  return {
    push(part) {
      bytes += part.length;
      if (bytes > bytesMax) parts = [];
      // A view of a PDU would keep the whole of it.
      else if (part.length > 0) parts.push(Uint8Array.from(part));
    },
    take: () => (bytes > bytesMax ? undefined : Buffer.concat(parts, bytes)),
  };
}
