import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatProblems } from '@collimator/shared/contracts/validate';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { type AxialVolume, toAxial } from './axial-volume.ts';
import { type DatasetFile, datasetFile } from './dataset-file.ts';
import { datasetDigest, type FileDigest, sha256Hex } from './digest.ts';
import { readNifti } from './nifti.ts';

/** An image with its label, in axial order. */
export type DatasetItem = {
  readonly subject: string;
  /** Number of the first slice; slice `i` of the volume is number `firstSlice + i`. */
  readonly firstSlice: number;
  readonly image: AxialVolume;
  /** [slices, rows, columns] of the image, 0 or 1. */
  readonly label: Uint8Array;
};

export type Dataset = {
  readonly file: DatasetFile;
  /** `sha256:<hex>` over the listing of dataset.json and every file it names. */
  readonly digest: string;
  /** The licence of the images in full; it travels with every model that carries some of them. */
  readonly licenceText: string;
  readonly items: readonly DatasetItem[];
};

/** Relative difference between declared and stored voxel size that is taken as rounding. */
const SPACING_TOLERANCE = 1e-3;

/**
 * Reads a dataset folder: `dataset.json` and the NIfTI-1 pairs it names.
 * @throws CodedError `dataset-unreadable`, `dataset-invalid`, `dataset-image-invalid`
 */
export async function loadDataset(folder: string): Promise<Dataset> {
  const digests = new Map<string, FileDigest>();
  const take = async (path: string): Promise<Uint8Array> => {
    const bytes = await readFile(join(folder, path)).catch((cause: unknown) => {
      throw new CodedError('dataset-unreadable', join(folder, path), { cause });
    });
    digests.set(path, { path, bytes: bytes.length, sha256: sha256Hex(bytes) });
    return bytes;
  };
  const file = parseFile(await take('dataset.json'), join(folder, 'dataset.json'));
  const licenceText = new TextDecoder().decode(await take(file.licence.file));
  const items: DatasetItem[] = [];
  for (const item of file.items) {
    const image = readVolume(item.image, await take(item.image));
    const label = readVolume(item.label, await take(item.label));
    checkGeometry(file, item, image, label);
    items.push({ subject: item.subject, firstSlice: item.first_slice, image, label: binary(item.label, label) });
  }
  return { file, digest: datasetDigest([...digests.values()]), licenceText, items };
}

function parseFile(bytes: Uint8Array, path: string): DatasetFile {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new CodedError('dataset-invalid', `${path} is not JSON`, { cause });
  }
  const checked = datasetFile.check(json);
  if (!checked.ok) throw new CodedError('dataset-invalid', `${path}: ${formatProblems(checked.error)}`);
  return checked.value;
}

function readVolume(name: string, bytes: Uint8Array): AxialVolume {
  const axial = toAxial(readNifti(bytes, name));
  if (!axial.ok) throw new CodedError('dataset-image-invalid', `${name}: ${axial.error}`);
  return axial.value;
}

function checkGeometry(
  file: DatasetFile,
  item: DatasetFile['items'][number],
  image: AxialVolume,
  label: AxialVolume,
): void {
  const size = (v: AxialVolume): string => `${v.slices}×${v.rows}×${v.columns}`;
  if (size(image) !== size(label))
    throw new CodedError('dataset-image-invalid', `${item.label} is ${size(label)}, ${item.image} is ${size(image)}`);
  for (const [name, volume] of [
    [item.image, image],
    [item.label, label],
  ] as const)
    for (const axis of ['slices', 'rows', 'columns'] as const) {
      const [found, wanted] = [volume.spacing[axis], file.spacing_mm[axis]];
      if (Math.abs(found - wanted) > wanted * SPACING_TOLERANCE)
        throw new CodedError(
          'dataset-image-invalid',
          `${name}: spacing between ${axis} is ${found} mm, dataset.json says ${wanted}`,
        );
    }
}

function binary(name: string, label: AxialVolume): Uint8Array {
  const mask = Uint8Array.from(label.voxels);
  if (label.voxels.some((value) => value !== 0 && value !== 1))
    throw new CodedError('dataset-image-invalid', `${name}: a label holds 0 and 1 only`);
  return mask;
}
