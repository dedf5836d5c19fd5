import type { NiftiVolume } from './nifti.ts';

const HEADER_BYTES = 348;
const VOXELS_AT = 352;
const UNITS_MM = 2;
const SCANNER_ANATOMICAL = 1;

/** Writes a uint8 volume as an uncompressed little-endian NIfTI-1 file with its affine as sform. */
export function writeNifti(volume: NiftiVolume & { readonly voxels: Uint8Array }, description: string): Uint8Array {
  const out = new Uint8Array(VOXELS_AT + volume.voxels.length);
  const view = new DataView(out.buffer);
  view.setInt32(0, HEADER_BYTES, true);
  [3, ...volume.dims, 1, 1, 1, 1].forEach((size, i) => view.setInt16(40 + 2 * i, size, true));
  view.setInt16(70, 2, true);
  view.setInt16(72, 8, true);
  const spacing = [0, 1, 2].map((axis) => Math.hypot(...volume.affine.map((row) => row[axis] as number)));
  [1, ...spacing].forEach((size, i) => view.setFloat32(76 + 4 * i, size, true));
  view.setFloat32(108, VOXELS_AT, true);
  view.setFloat32(112, volume.slope, true);
  view.setFloat32(116, volume.intercept, true);
  view.setUint8(123, UNITS_MM);
  out.set(new TextEncoder().encode(description).subarray(0, 79), 148);
  view.setInt16(254, SCANNER_ANATOMICAL, true);
  volume.affine.flat().forEach((value, i) => view.setFloat32(280 + 4 * i, value, true));
  out.set(new TextEncoder().encode('n+1\0'), 344);
  out.set(volume.voxels, VOXELS_AT);
  return out;
}
