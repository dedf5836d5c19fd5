/** One data element as it goes into an explicit little endian data set: bytes as they are, or the items of a sequence. */
export type RawElement = {
  /** Group and element, e.g. 0x00100010. */
  readonly tag: number;
  readonly vr: string;
  readonly value: Uint8Array | readonly RawItem[];
};

export type RawItem = readonly RawElement[];
