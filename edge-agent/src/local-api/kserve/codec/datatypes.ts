import type { KserveDatatype } from '@collimator/shared/contracts/kserve-v2';
import { err, ok, type Result } from '@collimator/shared/result';

// Models take float32. Other numbers are taken where each of them is a float32 too; nothing is rounded in silence but
// the decimal fractions of FP32 in JSON, which are meant to be. Bytes are little endian, as the protocol has it, and as
// every machine is that this runs on.

type Numbers = Exclude<KserveDatatype, 'BYTES'>;

type Kind = {
  readonly bytes: number;
  /** Elements of aligned bytes; undefined for one that no float32 is. */
  readonly read: (bytes: ArrayBuffer) => (i: number) => number | undefined;
  /** Bounds of what JSON may hold; undefined where it may hold none (FP16 and BF16 are binary only). */
  readonly integers?: readonly [min: number, max: number];
};

const same = (value: number): number | undefined => (Math.fround(value) === value ? value : undefined);
const sameBig = (value: bigint): number | undefined => {
  const near = Math.fround(Number(value));
  return BigInt(near) === value ? near : undefined;
};

/** IEEE 754 binary16. */
function ofHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 0x1f, bits & 0x3ff];
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** bfloat16: the upper half of a float32. */
const word = new DataView(new ArrayBuffer(4));
function ofBrainFloat(bits: number): number {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}

const plain =
  (Numbers: new (bytes: ArrayBuffer) => ArrayLike<number>, of: (value: number) => number | undefined = same) =>
  (bytes: ArrayBuffer) => {
    const values = new Numbers(bytes);
    return (i: number) => of(values[i] as number);
  };
const big = (Numbers: new (bytes: ArrayBuffer) => ArrayLike<bigint>) => (bytes: ArrayBuffer) => {
  const values = new Numbers(bytes);
  return (i: number) => sameBig(values[i] as bigint);
};

const safe = Number.MAX_SAFE_INTEGER;
const kinds: Readonly<Record<Numbers, Kind>> = {
  BOOL: { bytes: 1, read: plain(Uint8Array, (value) => (value <= 1 ? value : undefined)) },
  UINT8: { bytes: 1, read: plain(Uint8Array), integers: [0, 0xff] },
  INT8: { bytes: 1, read: plain(Int8Array), integers: [-0x80, 0x7f] },
  UINT16: { bytes: 2, read: plain(Uint16Array), integers: [0, 0xffff] },
  INT16: { bytes: 2, read: plain(Int16Array), integers: [-0x8000, 0x7fff] },
  UINT32: { bytes: 4, read: plain(Uint32Array), integers: [0, 0xffff_ffff] },
  INT32: { bytes: 4, read: plain(Int32Array), integers: [-0x8000_0000, 0x7fff_ffff] },
  UINT64: { bytes: 8, read: big(BigUint64Array), integers: [0, safe] },
  INT64: { bytes: 8, read: big(BigInt64Array), integers: [-safe, safe] },
  FP16: { bytes: 2, read: plain(Uint16Array, ofHalf) },
  BF16: { bytes: 2, read: plain(Uint16Array, ofBrainFloat) },
  FP32: { bytes: 4, read: plain(Float32Array, (value) => value) },
  FP64: { bytes: 8, read: plain(Float64Array) },
};

/** Bytes of an element; undefined for BYTES, whose elements have no size and are no numbers. */
export const bytesOf = (datatype: KserveDatatype): number | undefined =>
  datatype === 'BYTES' ? undefined : kinds[datatype].bytes;

/**
 * The elements of a binary tensor as float32.
 *
 * @param bytes exactly so many as `count` elements have
 * @returns a view of the very bytes where they are FP32 and aligned, otherwise a copy; or what is wrong with an element
 */
export function floatsOfBinary(
  datatype: Numbers,
  bytes: Uint8Array<ArrayBuffer>,
  count: number,
): Result<Float32Array<ArrayBuffer>, string> {
  if (datatype === 'FP32') {
    const at = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
    return allFinite(new Float32Array(at.buffer, at.byteOffset, count));
  }
  const value = kinds[datatype].read(bytes.slice().buffer);
  const floats = new Float32Array(count);
  for (let i = 0; i < count; i += 1) {
    const one = value(i);
    if (one === undefined) return err(notFloat32(datatype, i));
    floats[i] = one;
  }
  return allFinite(floats);
}

/** How an element of JSON data is read; undefined where the datatype has no form in JSON. */
export function jsonReader(datatype: KserveDatatype): ((value: unknown) => number | undefined) | undefined {
  if (datatype === 'BYTES' || datatype === 'FP16' || datatype === 'BF16') return undefined;
  if (datatype === 'BOOL') return (value) => (typeof value === 'boolean' ? Number(value) : undefined);
  const finite = (value: number) => (Number.isFinite(value) ? value : undefined);
  if (datatype === 'FP32') return (value) => (typeof value === 'number' ? finite(Math.fround(value)) : undefined);
  if (datatype === 'FP64') return (value) => (typeof value === 'number' ? same(value) : undefined);
  const [min, max] = kinds[datatype].integers ?? [0, 0];
  return (value) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max ? same(value) : undefined;
}

export const notFloat32 = (datatype: KserveDatatype, i: number): string =>
  `element ${i} is no ${datatype} that a float32 can hold`;

/** What is not a number goes through a model like a fault of the device; it is refused where it can be named. */
function allFinite(floats: Float32Array<ArrayBuffer>): Result<Float32Array<ArrayBuffer>, string> {
  for (let i = 0; i < floats.length; i += 1)
    if (!Number.isFinite(floats[i])) return err(`element ${i} is NaN or infinite`);
  return ok(floats);
}
