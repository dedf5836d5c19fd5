/** A stream that cannot be read on; thrown where it is found, and made a result where decoding began. */
export class BrokenStream extends Error {}

/** A Huffman table (ITU-T T.81 §C, §F.2.2.3): of each code length the first code behind it, and where its values are. */
export type HuffmanTable = { readonly beyond: Int32Array; readonly shift: Int32Array; readonly values: Uint8Array };

/** @param lengths number of codes of 1…16 bits */
export function huffmanTable(lengths: Uint8Array, values: Uint8Array): HuffmanTable {
  const beyond = new Int32Array(17);
  const shift = new Int32Array(17);
  let code = 0;
  let used = 0;
  for (let bits = 1; bits <= 16; bits++) {
    const count = lengths[bits - 1] as number;
    shift[bits] = used - code;
    code += count;
    used += count;
    if (code > 2 ** bits) throw new BrokenStream('a Huffman table with too many codes');
    beyond[bits] = code;
    code *= 2;
  }
  if (used > values.length) throw new BrokenStream('a Huffman table without its values');
  return { beyond, shift, values };
}

/** Reads the coded data of a scan bit by bit (ITU-T T.81 §F.2.2.5); never past a marker or the end. */
export class BitReader {
  #bits = 0;
  #left = 0;

  readonly #stream: Uint8Array;
  #at: number;

  constructor(stream: Uint8Array, at: number) {
    this.#stream = stream;
    this.#at = at;
  }

  bit(): number {
    if (this.#left === 0) {
      const byte = this.#stream[this.#at];
      if (byte === undefined) throw new BrokenStream('the stream ends before its last pixel');
      // A zero is stuffed behind 0xff; anything else there is a marker.
      if (byte === 0xff && this.#stream[this.#at + 1] !== 0) throw new BrokenStream('a marker before the last pixel');
      this.#at += byte === 0xff ? 2 : 1;
      this.#bits = byte;
      this.#left = 8;
    }
    this.#left -= 1;
    return (this.#bits >> this.#left) & 1;
  }

  /** A value of `count` bits, extended as ITU-T T.81 §F.2.2.1 has it: those that begin with 0 are negative. */
  signed(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + this.bit();
    return value < 2 ** (count - 1) ? value - 2 ** count + 1 : value;
  }

  symbol({ beyond, shift, values }: HuffmanTable): number {
    let code = 0;
    for (let bits = 1; bits <= 16; bits++) {
      code = code * 2 + this.bit();
      if (code < (beyond[bits] as number)) return values[code + (shift[bits] as number)] as number;
    }
    throw new BrokenStream('a code that is in no table');
  }

  /** Goes on behind the restart marker that has to come here. */
  restart(expected: number): void {
    if (this.#stream[this.#at] !== 0xff || this.#stream[this.#at + 1] !== 0xd0 + (expected & 7))
      throw new BrokenStream('no restart marker where one should be');
    this.#at += 2;
    this.#left = 0;
  }

  /** Where the coded data ended: at a marker, or the end. */
  get position(): number {
    return this.#at;
  }
}
