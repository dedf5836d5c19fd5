import { createHash } from 'node:crypto';
import type { Part10 } from './part10.ts';
import { type PixelFormat, pixelFormatOf } from './pixel-format.ts';
import type { Vector } from './vector.ts';

export type { PixelFormat } from './pixel-format.ts';

/** Where a slice lies (PS3.3 §C.7.6.2): the centre of its first voxel, its axes, and the distance of its voxels. */
export type SliceGeometry = {
  readonly position_mm: Vector;
  /** Direction of a row: where the column index grows. */
  readonly rowCosines: Vector;
  /** Direction of a column: where the row index grows. */
  readonly columnCosines: Vector;
  /** Between rows, between columns. */
  readonly spacing_mm: { readonly rows: number; readonly columns: number };
};

/** Lossy compression that the source went through before us (PS3.3 §C.7.6.1.1.5). */
export type LossyCompression = { readonly ratios: readonly string[]; readonly methods: readonly string[] };

/** What the way from slice to result needs of one image; plain data, so that it can go between threads. */
export type SliceHeader = {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly frameOfReferenceUid: string | undefined;
  readonly transferSyntaxUid: string;
  readonly modality: string | undefined;
  readonly instanceNumber: number | undefined;
  readonly sliceThickness_mm: number | undefined;
  readonly format: PixelFormat;
  readonly slope: number;
  readonly intercept: number;
  readonly geometry: SliceGeometry | undefined;
  readonly lossy: LossyCompression | undefined;
  /** Digest of patient ID and its issuer: two slices of one patient have the same. */
  readonly patientKey: string;
};

/** The header of a parsed file. Absent or unusable values are undefined or as the standard defaults them. */
export function sliceHeaderOf({ bytes, dataSet, syntax }: Part10): SliceHeader {
  const text = (tag: string): string | undefined => dataSet.string(tag)?.trim() || undefined;
  const list = (tag: string): readonly string[] =>
    text(tag)
      ?.split('\\')
      .map((part) => part.trim()) ?? [];
  const numbers = (tag: string): readonly number[] =>
    list(tag).map((part) => (part === '' ? Number.NaN : Number(part)));
  const number = (tag: string): number | undefined => finite(numbers(tag)[0]);
  const raw = (tag: string): Uint8Array => {
    const element = dataSet.elements[tag];
    return element === undefined
      ? new Uint8Array(0)
      : bytes.subarray(element.dataOffset, element.dataOffset + element.length);
  };
  return {
    sopClassUid: text('x00080016') ?? '',
    sopInstanceUid: text('x00080018') ?? '',
    studyInstanceUid: text('x0020000d') ?? '',
    seriesInstanceUid: text('x0020000e') ?? '',
    frameOfReferenceUid: text('x00200052'),
    transferSyntaxUid: syntax.uid,
    modality: text('x00080060'),
    instanceNumber: number('x00200013'),
    sliceThickness_mm: number('x00180050'),
    format: pixelFormatOf(dataSet),
    slope: number('x00281053') ?? 1,
    intercept: number('x00281052') ?? 0,
    geometry: geometryOf(numbers('x00200032'), numbers('x00200037'), numbers('x00280030')),
    lossy: text('x00282110') === '01' ? { ratios: list('x00282112'), methods: list('x00282114') } : undefined,
    patientKey: createHash('sha256').update(raw('x00100020')).update('\0').update(raw('x00100021')).digest('hex'),
  };
}

function geometryOf(
  position: readonly number[],
  orientation: readonly number[],
  spacing: readonly number[],
): SliceGeometry | undefined {
  if (position.length !== 3 || orientation.length !== 6 || spacing.length !== 2) return undefined;
  if ([...position, ...orientation, ...spacing].some((value) => !Number.isFinite(value))) return undefined;
  const [rows, columns] = spacing as [number, number];
  if (rows <= 0 || columns <= 0) return undefined;
  return {
    position_mm: position as unknown as Vector,
    rowCosines: orientation.slice(0, 3) as unknown as Vector,
    columnCosines: orientation.slice(3) as unknown as Vector,
    spacing_mm: { rows, columns },
  };
}

const finite = (value: number | undefined): number | undefined =>
  value !== undefined && Number.isFinite(value) ? value : undefined;
