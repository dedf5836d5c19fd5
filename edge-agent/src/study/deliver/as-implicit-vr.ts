/** VRs with two reserved bytes and a 32-bit length (PS3.5 §7.1.2). */
const longVrs: ReadonlySet<string> = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '));
const UNDEFINED = 0xffff_ffff;
const DELIMITER_GROUP = 0xfffe;
const ITEM = 0xe000;
const tags = { item: 0xfffe_e000, itemEnd: 0xfffe_e00d, sequenceEnd: 0xfffe_e0dd } as const;
/** Deeper than any result of ours. */
const DEPTH_MAX = 32;

type Open = { readonly end: 'itemEnd' | 'sequenceEnd'; readonly at: number | undefined };

/**
 * The same data set in implicit VR little endian (PS3.5 §A.1), which every receiver has to take (§10.1): values as they
 * are, sequences and items with undefined lengths and delimiters. Holds one chunk at a time.
 *
 * @param source in explicit VR little endian, not compressed, in chunks of any size
 * @throws when it ends inside an element, or is nested deeper than 32 items
 */
export async function* asImplicitVr(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = createInput(source);
  const open: Open[] = [];
  for (;;) {
    for (let last = open.at(-1); last?.at === input.position(); last = open.at(-1)) {
      open.pop();
      yield header(tags[last.end], 0);
    }
    const head = await input.take(8);
    if (head === undefined) break;
    const tag = head.readUInt16LE(0) * 0x1_0000 + head.readUInt16LE(2);
    if (head.readUInt16LE(0) === DELIMITER_GROUP) {
      const isItem = head.readUInt16LE(2) === ITEM;
      if (isItem) begin('itemEnd', head.readUInt32LE(4));
      else open.pop();
      yield header(tag, isItem ? UNDEFINED : 0);
      continue;
    }
    const vr = head.toString('latin1', 4, 6);
    const length = longVrs.has(vr) ? (await must(input.take(4))).readUInt32LE(0) : head.readUInt16LE(6);
    if (vr === 'SQ') {
      begin('sequenceEnd', length);
      yield header(tag, UNDEFINED);
    } else {
      yield header(tag, length);
      yield* input.pass(length);
    }
  }

  function begin(end: Open['end'], length: number): void {
    if (open.length >= DEPTH_MAX) throw new RangeError(`the data set is nested deeper than ${DEPTH_MAX}`);
    open.push({ end, at: length === UNDEFINED ? undefined : input.position() + length });
  }
}

function header(tag: number, length: number): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(Math.floor(tag / 0x1_0000), 0);
  head.writeUInt16LE(tag % 0x1_0000, 2);
  head.writeUInt32LE(length, 4);
  return head;
}

async function must(bytes: Promise<Buffer | undefined>): Promise<Buffer> {
  const there = await bytes;
  if (there === undefined) throw new RangeError('the data set ends inside an element');
  return there;
}

/** Chunks as one run of bytes. */
function createInput(source: AsyncIterable<Uint8Array>) {
  const chunks = source[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);
  let position = 0;

  async function more(): Promise<boolean> {
    const { done, value } = await chunks.next();
    if (done === true) return false;
    held = held.length === 0 ? Buffer.from(value.buffer, value.byteOffset, value.length) : Buffer.concat([held, value]);
    return true;
  }

  const cut = (length: number): Buffer => {
    const some = held.subarray(0, length);
    held = held.subarray(length);
    position += length;
    return some;
  };

  return {
    position: () => position,
    /** So many bytes; undefined at the very end. */
    async take(length: number): Promise<Buffer | undefined> {
      while (held.length < length)
        if (!(await more())) {
          if (held.length === 0) return undefined;
          throw new RangeError('the data set ends inside an element');
        }
      return cut(length);
    },
    /** So many bytes as they come. */
    async *pass(length: number): AsyncGenerator<Uint8Array> {
      for (let left = length; left > 0; ) {
        if (held.length === 0 && !(await more())) throw new RangeError('the data set ends inside an element');
        const some = cut(Math.min(left, held.length));
        left -= some.length;
        if (some.length > 0) yield some;
      }
    },
  };
}
