import type { TaskTimes } from '../../tasks.ts';

const types = { u1: Uint8Array, i4: Int32Array, f4: Float32Array } as const;
type TypeName = keyof typeof types;
/** Numbers of a chunk's items, one item after the other. */
export type ItemValues = Uint8Array | Int32Array | Float32Array;

/** The values of a chunk's items, by name; in one piece, or in pieces of one type that follow each other. */
export type ItemArrays = Readonly<Record<string, ItemValues | readonly ItemValues[]>>;

/** What a chunk of items came to: arrays by name, each holding its items one after the other. */
export type ChunkOutputs = { readonly arrays: Readonly<Record<string, ItemValues>>; readonly times: TaskTimes };

/** The same to be written, in pieces or not. */
export type ChunkPieces = { readonly arrays: ItemArrays; readonly times: TaskTimes };

type Head = { readonly arrays: readonly (readonly [string, TypeName, number])[]; readonly times: TaskTimes };

/** So that every array can be looked at where it lies. */
const ALIGNMENT_BYTES = 8;
const HEAD_BYTES_MAX = 1_048_576;

const typeNameOf = (values: ItemValues | undefined): TypeName =>
  values instanceof Uint8Array ? 'u1' : values instanceof Int32Array ? 'i4' : 'f4';

export const piecesOf = (values: ItemArrays[string]): readonly ItemValues[] =>
  ArrayBuffer.isView(values) ? [values] : values;

const lengthOf = (pieces: readonly ItemValues[], of: 'length' | 'byteLength'): number =>
  pieces.reduce((sum, piece) => sum + piece[of], 0);

const padding = (bytes: number): Uint8Array =>
  new Uint8Array((ALIGNMENT_BYTES - (bytes % ALIGNMENT_BYTES)) % ALIGNMENT_BYTES);

/** The pieces of a file: the length of its head, the head, and the arrays in its order. */
export function encodeChunk({ arrays, times }: ChunkPieces): readonly Uint8Array[] {
  const named = Object.entries(arrays).map(([name, values]) => ({ name, pieces: piecesOf(values) }));
  const head: Head = {
    arrays: named.map(({ name, pieces }) => [name, typeNameOf(pieces[0]), lengthOf(pieces, 'length')]),
    times,
  };
  const text = new TextEncoder().encode(JSON.stringify(head));
  const length = new Uint8Array(ALIGNMENT_BYTES);
  new DataView(length.buffer).setUint32(0, text.length, true);
  return [
    ...[length, text, padding(text.length)],
    ...named.flatMap(({ pieces }) => [
      ...pieces.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)),
      padding(lengthOf(pieces, 'byteLength')),
    ]),
  ];
}

/**
 * Reads what `encodeChunk` wrote; the arrays are views of `bytes`.
 *
 * @throws RangeError for bytes that are something else
 */
export function decodeChunk(bytes: Uint8Array): ChunkOutputs {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const textBytes = bytes.length < ALIGNMENT_BYTES ? HEAD_BYTES_MAX + 1 : view.getUint32(0, true);
  if (textBytes > HEAD_BYTES_MAX || ALIGNMENT_BYTES + textBytes > bytes.length) throw new RangeError('no chunk file');
  const { arrays, times } = JSON.parse(
    new TextDecoder().decode(bytes.subarray(ALIGNMENT_BYTES, ALIGNMENT_BYTES + textBytes)),
  ) as Head;
  let at = ALIGNMENT_BYTES + textBytes + padding(textBytes).length;
  const read: Record<string, ItemValues> = {};
  for (const [name, typeName, length] of arrays) {
    const type = types[typeName];
    const byteLength = length * type.BYTES_PER_ELEMENT;
    if (at + byteLength > bytes.length) throw new RangeError(`a chunk file cut short in ${name}`);
    const aligned = (bytes.byteOffset + at) % type.BYTES_PER_ELEMENT === 0;
    const own = aligned ? bytes.subarray(at, at + byteLength) : bytes.slice(at, at + byteLength);
    read[name] = new type(own.buffer as ArrayBuffer, own.byteOffset, length);
    at += byteLength + padding(byteLength).length;
  }
  return { arrays: read, times };
}
