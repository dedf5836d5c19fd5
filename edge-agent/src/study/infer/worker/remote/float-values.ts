import { CodedError } from '@collimator/shared/errors/coded-error';
import type { ServedTensor } from './remote-model.ts';

type Reader = { readonly bytes: number; readonly read: (view: DataView, at: number) => number | bigint };

/** Datatypes of the KServe v2 protocol with numbers in them, as its binary tensor extension lays them out: little endian. */
const readers: Readonly<Record<string, Reader>> = {
  BOOL: { bytes: 1, read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1) },
  UINT8: { bytes: 1, read: (view, at) => view.getUint8(at) },
  UINT16: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  UINT32: { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  UINT64: { bytes: 8, read: (view, at) => view.getBigUint64(at, true) },
  INT8: { bytes: 1, read: (view, at) => view.getInt8(at) },
  INT16: { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  INT32: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  INT64: { bytes: 8, read: (view, at) => view.getBigInt64(at, true) },
  FP16: { bytes: 2, read: (view, at) => halfFloat(view.getUint16(at, true)) },
  BF16: { bytes: 2, read: (view, at) => bfloat(view.getUint16(at, true)) },
  FP32: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  FP64: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
};

/** Largest datatype, bytes: what bounds a binary answer. */
export const VALUE_BYTES_MAX = 8;

/** A decimal of these stands for the float that it was printed from, which is the nearest one. */
const roundedInJson: ReadonlySet<string> = new Set(['FP32', 'FP16', 'BF16']);

/**
 * The values of a tensor as float32. A datatype that holds more is taken where every value of this tensor is a float32
 * too: integers that are labels or counts, doubles that were floats before they became JSON.
 *
 * @throws CodedError `inference-output-invalid` for a datatype without numbers, a value that float32 does not hold, or a
 * length that is not that of the shape
 */
export function floatValues({ name, datatype, dims, data }: ServedTensor): Float32Array<ArrayBuffer> {
  const reader = readers[datatype];
  if (reader === undefined) throw new CodedError('inference-output-invalid', `${name} is of ${datatype}`);
  const count = dims.reduce((product, size) => product * size, 1);
  const length = data instanceof Uint8Array ? data.length / reader.bytes : data.length;
  if (length !== count)
    throw new CodedError('inference-output-invalid', `${name} has ${length} values, its shape ${count}`);
  if (data instanceof Uint8Array) return datatype === 'FP32' ? floatsOf(data) : fromBytes(name, datatype, reader, data);
  return fromJson(name, datatype, data);
}

/** Copied, so that they lie where a Float32Array may; every machine that Node runs on is little endian. */
const floatsOf = (bytes: Uint8Array): Float32Array<ArrayBuffer> => new Float32Array(new Uint8Array(bytes).buffer);

function fromBytes(
  name: string,
  datatype: string,
  { bytes, read }: Reader,
  data: Uint8Array,
): Float32Array<ArrayBuffer> {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const values = new Float32Array(data.length / bytes);
  for (let i = 0; i < values.length; i++) values[i] = lossless(name, datatype, read(view, i * bytes));
  return values;
}

function fromJson(name: string, datatype: string, data: readonly unknown[]): Float32Array<ArrayBuffer> {
  const values = new Float32Array(data.length);
  const rounded = roundedInJson.has(datatype);
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (typeof value === 'number') {
      const integer = !rounded && datatype !== 'FP64';
      if (integer && !Number.isSafeInteger(value)) throw notHeld(name, datatype, value);
      values[i] = rounded ? value : lossless(name, datatype, value);
    } else if (typeof value === 'boolean' && datatype === 'BOOL') values[i] = value ? 1 : 0;
    // MLServer writes null for what is not a number.
    else values[i] = Number.NaN;
  }
  return values;
}

function lossless(name: string, datatype: string, value: number | bigint): number {
  const float = Math.fround(Number(value));
  const held = typeof value === 'bigint' ? BigInt(float) === value : float === value || Number.isNaN(value);
  if (!held) throw notHeld(name, datatype, value);
  return float;
}

const notHeld = (name: string, datatype: string, value: number | bigint): CodedError =>
  new CodedError('inference-output-invalid', `${name} is of ${datatype} and holds ${value}, which float32 does not`);

/** IEEE 754 binary16. */
function halfFloat(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The upper half of a float32. */
function bfloat(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(0, bits);
  return view.getFloat32(0);
}
