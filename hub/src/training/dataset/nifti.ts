import { gunzipSync } from 'node:zlib';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { Pixels } from '@collimator/shared/imaging/slice';
import { err, ok, type Result } from '@collimator/shared/result';

/** A 3-D image of a NIfTI-1 file, voxels as stored, first axis fastest. */
export type NiftiVolume = {
  readonly dims: readonly [number, number, number];
  readonly voxels: Pixels;
  /** Stored value × slope + intercept is the real value. */
  readonly slope: number;
  readonly intercept: number;
  /** Three rows of four: voxel index to millimetres in RAS+ (x to the right, y to the front, z up). */
  readonly affine: readonly (readonly [number, number, number, number])[];
};

const HEADER_BYTES = 348;
/** Bound on the voxels of one file: 2 GiB of float32. */
export const niftiVoxelsMax = 536_870_912;

type Reader = { readonly bytes: number; readonly read: (view: DataView, at: number, little: boolean) => number };
type Type = Reader & { readonly make: (length: number) => Pixels };

/** NIfTI-1 datatype codes that hold one real number a voxel (nifti1.h, DT_*). */
const types: Readonly<Record<number, Type>> = {
  2: { bytes: 1, read: (v, at) => v.getUint8(at), make: (n) => new Uint8Array(n) },
  4: { bytes: 2, read: (v, at, le) => v.getInt16(at, le), make: (n) => new Int16Array(n) },
  8: { bytes: 4, read: (v, at, le) => v.getInt32(at, le), make: (n) => new Int32Array(n) },
  16: { bytes: 4, read: (v, at, le) => v.getFloat32(at, le), make: (n) => new Float32Array(n) },
  64: { bytes: 8, read: (v, at, le) => v.getFloat64(at, le), make: (n) => new Float64Array(n) },
  256: { bytes: 1, read: (v, at) => v.getInt8(at), make: (n) => new Int8Array(n) },
  512: { bytes: 2, read: (v, at, le) => v.getUint16(at, le), make: (n) => new Uint16Array(n) },
  768: { bytes: 4, read: (v, at, le) => v.getUint32(at, le), make: (n) => new Uint32Array(n) },
};

/** Bound on what one compressed file may unpack to: the largest volume allowed as float32, and its header. */
const UNPACKED_BYTES_MAX = niftiVoxelsMax * 4 + 1024;

/**
 * Reads a single-file NIfTI-1 image, `.nii` or `.nii.gz`.
 * @param name for the error message
 * @throws CodedError `dataset-image-invalid`
 */
export function readNifti(bytes: Uint8Array, name = 'image'): NiftiVolume {
  const parsed = parseNifti(bytes[0] === 0x1f && bytes[1] === 0x8b ? unpacked(bytes, name) : bytes);
  if (!parsed.ok) throw new CodedError('dataset-image-invalid', `${name}: ${parsed.error}`);
  return parsed.value;
}

function unpacked(bytes: Uint8Array, name: string): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: UNPACKED_BYTES_MAX });
  } catch (cause) {
    throw new CodedError('dataset-image-invalid', `${name}: cannot be unpacked`, { cause });
  }
}

/**
 * Reads an uncompressed single-file NIfTI-1 image (`.nii`), of either byte order, with three dimensions (further ones
 * of size 1). The error is one line that says what is wrong.
 */
export function parseNifti(bytes: Uint8Array): Result<NiftiVolume, string> {
  if (bytes.length < HEADER_BYTES) return err(`${bytes.length} bytes are too few for a NIfTI-1 header of 348`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = view.getInt32(0, true) === HEADER_BYTES;
  if (!little && view.getInt32(0, false) !== HEADER_BYTES) return err('not a NIfTI-1 file: sizeof_hdr is not 348');
  const magic = String.fromCharCode(...bytes.subarray(344, 348));
  if (magic !== 'n+1\0') return err(`not a single-file NIfTI-1 image: magic is ${JSON.stringify(magic)}`);

  const rank = view.getInt16(40, little);
  if (rank < 3 || rank > 7) return err(`dim[0] is ${rank}, a 3-D image is wanted`);
  const dim = Array.from({ length: rank }, (_, i) => view.getInt16(42 + 2 * i, little));
  if (dim.slice(3).some((size) => size > 1)) return err(`dim is ${dim.join('×')}, a single 3-D image is wanted`);
  const dims = dim.slice(0, 3) as [number, number, number];
  if (dims.some((size) => size < 1)) return err(`dim is ${dims.join('×')}`);
  const count = dims[0] * dims[1] * dims[2];
  if (count > niftiVoxelsMax) return err(`${count} voxels are more than the ${niftiVoxelsMax} allowed`);

  const code = view.getInt16(70, little);
  const type = types[code];
  if (type === undefined) return err(`datatype ${code} is not supported (2, 4, 8, 16, 64, 256, 512 and 768 are)`);
  const offset = view.getFloat32(108, little);
  if (!Number.isInteger(offset) || offset < HEADER_BYTES) return err(`vox_offset is ${offset}`);
  const needed = offset + count * type.bytes;
  if (bytes.length < needed) return err(`cut short: ${needed} bytes are needed, there are ${bytes.length}`);

  const affine = affineOf(view, little);
  if (!affine.ok) return affine;
  const voxels = type.make(count);
  for (let i = 0; i < count; i++) voxels[i] = type.read(view, offset + i * type.bytes, little);
  const slope = view.getFloat32(112, little);
  const intercept = view.getFloat32(116, little);
  const scaled = Number.isFinite(slope) && slope !== 0 && Number.isFinite(intercept);
  return ok({ dims, voxels, slope: scaled ? slope : 1, intercept: scaled ? intercept : 0, affine: affine.value });
}

type Affine = NiftiVolume['affine'];

/** The sform where there is one, else the qform; a file with neither has no orientation and is refused. */
function affineOf(view: DataView, little: boolean): Result<Affine, string> {
  const float = (at: number): number => view.getFloat32(at, little);
  if (view.getInt16(254, little) > 0) {
    const row = (at: number) => [float(at), float(at + 4), float(at + 8), float(at + 12)] as const;
    return checked([row(280), row(296), row(312)]);
  }
  if (view.getInt16(252, little) <= 0) return err('no orientation: sform_code and qform_code are both 0');
  const [b, c, d] = [float(256), float(260), float(264)];
  const a = Math.sqrt(Math.max(0, 1 - b * b - c * c - d * d));
  const [dx, dy] = [float(80), float(84)];
  const dz = float(76) < 0 ? -float(88) : float(88);
  return checked([
    [(a * a + b * b - c * c - d * d) * dx, 2 * (b * c - a * d) * dy, 2 * (b * d + a * c) * dz, float(268)],
    [2 * (b * c + a * d) * dx, (a * a + c * c - b * b - d * d) * dy, 2 * (c * d - a * b) * dz, float(272)],
    [2 * (b * d - a * c) * dx, 2 * (c * d + a * b) * dy, (a * a + d * d - c * c - b * b) * dz, float(276)],
  ]);
}

function checked(affine: Affine): Result<Affine, string> {
  if (affine.flat().some((value) => !Number.isFinite(value)))
    return err('the orientation is not made of finite numbers');
  const [x, y, z] = affine as [Affine[number], Affine[number], Affine[number]];
  const determinant =
    x[0] * (y[1] * z[2] - y[2] * z[1]) - x[1] * (y[0] * z[2] - y[2] * z[0]) + x[2] * (y[0] * z[1] - y[1] * z[0]);
  return Math.abs(determinant) < 1e-9 ? err('the orientation is degenerate: voxels have no volume') : ok(affine);
}
