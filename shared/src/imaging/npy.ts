import { CodedError } from '../errors/coded-error.ts';
import type { Pixels } from './slice.ts';

/** An array with its shape, C order. */
export type NpyArray = { readonly data: Pixels; readonly shape: readonly number[] };

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const HEADER_ALIGNMENT_BYTES = 64;
const HEADER_BYTES_MAX = 65_536;
const DIMENSIONS_MAX = 32;

const types = {
  '|u1': Uint8Array,
  '|i1': Int8Array,
  '<u2': Uint16Array,
  '<i2': Int16Array,
  '<u4': Uint32Array,
  '<i4': Int32Array,
  '<f4': Float32Array,
  '<f8': Float64Array,
} as const;
type Descr = keyof typeof types;

const descrOf = (data: Pixels): Descr => {
  for (const [descr, type] of Object.entries(types)) if (data instanceof type) return descr as Descr;
  throw new TypeError('not a number array of a known type');
};

const elements = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/**
 * Writes an array as a `.npy` file, format version 1.0 (NumPy Enhancement Proposal 1): little-endian, C order.
 * The same array always gives the same bytes.
 */
export function encodeNpy(array: NpyArray): Uint8Array {
  if (elements(array.shape) !== array.data.length) throw new RangeError('shape does not hold the data');
  const tuple = array.shape.length === 1 ? `(${array.shape[0]},)` : `(${array.shape.join(', ')})`;
  const dict = `{'descr': '${descrOf(array.data)}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const unpadded = MAGIC.length + 4 + dict.length + 1;
  const total = Math.ceil(unpadded / HEADER_ALIGNMENT_BYTES) * HEADER_ALIGNMENT_BYTES;
  const header = `${dict}${' '.repeat(total - unpadded)}\n`;
  const out = new Uint8Array(total + array.data.byteLength);
  out.set(MAGIC, 0);
  out.set([1, 0, header.length & 0xff, header.length >> 8], MAGIC.length);
  out.set(new TextEncoder().encode(header), MAGIC.length + 4);
  out.set(new Uint8Array(array.data.buffer, array.data.byteOffset, array.data.byteLength), total);
  return out;
}

/**
 * Reads a `.npy` file of version 1 or 2. Big-endian, Fortran-ordered and object arrays are refused.
 * @throws CodedError `npy-invalid`
 */
export function decodeNpy(bytes: Uint8Array, name = 'array'): NpyArray {
  const refuse = (why: string): CodedError => new CodedError('npy-invalid', `${name}: ${why}`);
  if (bytes.length < 10 || MAGIC.some((byte, i) => bytes[i] !== byte)) throw refuse('not a .npy file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const major = view.getUint8(6);
  if (major !== 1 && major !== 2) throw refuse(`format version ${major} is not supported`);
  if (major === 2 && bytes.length < 12) throw refuse('cut short in the header');
  const start = major === 1 ? 10 : 12;
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > HEADER_BYTES_MAX || start + length > bytes.length) throw refuse('cut short in the header');
  const header = new TextDecoder('latin1').decode(bytes.subarray(start, start + length));
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const tuple = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  if (descr === undefined || order === undefined || tuple === undefined) throw refuse('the header is not understood');
  if (order !== 'False') throw refuse('Fortran order is not supported');
  if (!Object.hasOwn(types, descr)) throw refuse(`number type ${descr} is not supported`);
  const dimensions = tuple
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (dimensions.length > DIMENSIONS_MAX || dimensions.some((part) => !/^\d{1,15}$/.test(part)))
    throw refuse(`shape (${tuple}) is not understood`);
  const shape = dimensions.map(Number);
  const type = types[descr as Descr];
  const body = bytes.subarray(start + length);
  const count = elements(shape);
  if (body.length !== count * type.BYTES_PER_ELEMENT)
    throw refuse(
      `shape (${tuple}) of ${descr} needs ${count * type.BYTES_PER_ELEMENT} bytes, there are ${body.length}`,
    );
  return { data: new type(new Uint8Array(body).buffer), shape };
}
